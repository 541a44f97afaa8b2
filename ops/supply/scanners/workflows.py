"""actionlint and zizmor: mistakes and holes in the workflows. Neither asks the network."""

from __future__ import annotations

import json
from pathlib import Path

from ops.supply.finding import Finding
from ops.supply.tool import run

FOLDER = Path(".github/workflows")
OBJECTS = 1
ZIZMOR_OBJECTS = (11, 12, 13, 14)
"""One for each severity (zizmor's documentation, «Exit codes»)."""


def _files() -> list[str]:
    return sorted(str(file) for file in FOLDER.glob("*.y*ml"))


def actionlint() -> list[Finding]:
    """What actionlint objects to; nothing where there is no workflow.

    Raises:
        CannotWork: it breaks.
    """
    files = _files()
    # Whether shellcheck and pyflakes are installed is another machine's affair: the same findings everywhere.
    command = ["actionlint", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}", *files]
    said = json.loads(run(command, accepted=(0, OBJECTS))) if files else []
    return [
        Finding("actionlint", one["kind"], one["filepath"], f"line {one['line']}: {one['message']}") for one in said
    ]


def zizmor() -> list[Finding]:
    """What zizmor objects to; nothing where there is no workflow.

    Raises:
        CannotWork: it breaks.
    """
    files = _files()
    command = ["zizmor", "--offline", "--no-progress", "--format=json", *files]
    said = json.loads(run(command, accepted=(0, *ZIZMOR_OBJECTS))) if files else []
    return [_of_zizmor(one) for one in said if not one.get("ignored")]


def _of_zizmor(one: dict[str, object]) -> Finding:
    locations = one["locations"]
    assert isinstance(locations, list)
    primary = next((at for at in locations if at["symbolic"]["kind"] == "Primary"), locations[0])
    file = next(iter(primary["symbolic"]["key"].values()))["given_path"]
    line = primary["concrete"]["location"]["start_point"]["row"] + 1
    return Finding("zizmor", str(one["ident"]), str(file), f"line {line}: {one['desc']}", str(one["url"]))
