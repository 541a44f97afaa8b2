"""actionlint and zizmor: mistakes and holes in the workflows and actions. Neither asks the network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops.supply.scanners.finding import Finding
from ops.supply.tool import answer

FOLDER = Path(".github")
WORKFLOWS, ACTIONS = "workflows/*.y*ml", "actions/*/action.y*ml"
OBJECTS = 1
ZIZMOR_OBJECTS = (11, 12, 13, 14)
"""One for each severity (zizmor's documentation, «Exit codes»)."""


def _files(pattern: str) -> list[str]:
    return sorted(map(str, FOLDER.glob(pattern)))


def actionlint() -> list[Finding]:
    """What actionlint objects to; nothing where there is no workflow.

    Raises:
        CannotWork: it breaks.
    """
    files = _files(WORKFLOWS)
    # Whether shellcheck and pyflakes are installed is another machine's affair: the same findings everywhere.
    command = ["actionlint", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}", *files]
    report = answer(command, list, accepted=(0, OBJECTS)) if files else []
    return [
        Finding("actionlint", issue["kind"], issue["filepath"], f"line {issue['line']}: {issue['message']}")
        for issue in report
    ]


def zizmor() -> list[Finding]:
    """What zizmor objects to; nothing where there is no workflow.

    Raises:
        CannotWork: it breaks.
    """
    files = [*_files(WORKFLOWS), *_files(ACTIONS)]
    command = ["zizmor", "--offline", "--no-progress", "--format=json", *files]
    report = answer(command, list, accepted=(0, *ZIZMOR_OBJECTS)) if files else []
    return [_of_zizmor(issue) for issue in report if not issue.get("ignored")]


def _of_zizmor(issue: Mapping[str, Any]) -> Finding:
    primary = next(location for location in issue["locations"] if location["symbolic"]["kind"] == "Primary")
    [place] = primary["symbolic"]["key"].values()
    line = primary["concrete"]["location"]["start_point"]["row"] + 1
    return Finding("zizmor", issue["ident"], place["verbatim_path"], f"line {line}: {issue['desc']}", issue["url"])
