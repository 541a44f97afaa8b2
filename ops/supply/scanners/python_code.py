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
    said = answer(["bandit", "--quiet", "--recursive", "--format=json", *code], dict, accepted=(0, OBJECTS))
    if said["errors"]:
        raise CannotWork(
            "bandit cannot read: " + "; ".join(f"{one['filename']}: {one['reason']}" for one in said["errors"])
        )
    return [
        Finding(
            "bandit",
            one["test_id"],
            one["filename"].removeprefix("./"),
            f"line {one['line_number']}: {one['issue_text']} (severity {one['issue_severity'].lower()})",
            one["more_info"],
        )
        for one in said["results"]
    ]
