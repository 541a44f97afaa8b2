"""bandit: mistakes in the Python code that is run. Tests are not: they assert, and make up secrets."""

from __future__ import annotations

from pathlib import Path

from ops.supply.scanners.finding import Finding
from ops.supply.tool import CannotWork, answer

CODE = ("__main__.py", "components", "ops", "toolchain", "policy")
OBJECTS = 1


def scan() -> list[Finding]:
    """Every objection, whatever its severity.

    Raises:
        CannotWork: bandit breaks, or cannot read a file.
    """
    code = [path for path in CODE if Path(path).exists()]
    report = answer(["bandit", "--quiet", "--recursive", "--format=json", *code], dict, accepted=(0, OBJECTS))
    if report["errors"]:
        raise CannotWork(
            "bandit cannot read: " + "; ".join(f"{error['filename']}: {error['reason']}" for error in report["errors"])
        )
    return [
        Finding(
            "bandit",
            issue["test_id"],
            issue["filename"].removeprefix("./"),
            f"line {issue['line_number']}: {issue['issue_text']} (severity {issue['issue_severity'].lower()})",
            issue["more_info"],
        )
        for issue in report["results"]
    ]
