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
    said = answer(command, list, accepted=(0, OBJECTS)) if files else []
    return [
        Finding("actionlint", one["kind"], one["filepath"], f"line {one['line']}: {one['message']}") for one in said
    ]


def zizmor() -> list[Finding]:
    """What zizmor objects to; nothing where there is no workflow.

    Raises:
        CannotWork: it breaks.
    """
    files = [*_files(WORKFLOWS), *_files(ACTIONS)]
    command = ["zizmor", "--offline", "--no-progress", "--format=json", *files]
    said = answer(command, list, accepted=(0, *ZIZMOR_OBJECTS)) if files else []
    return [_of_zizmor(one) for one in said if not one.get("ignored")]


def _of_zizmor(one: Mapping[str, Any]) -> Finding:
    primary = next(at for at in one["locations"] if at["symbolic"]["kind"] == "Primary")
    [place] = primary["symbolic"]["key"].values()
    line = primary["concrete"]["location"]["start_point"]["row"] + 1
    return Finding("zizmor", one["ident"], place["verbatim_path"], f"line {line}: {one['desc']}", one["url"])
