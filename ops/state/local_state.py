"""What Pulumi keeps of a stack in a folder, read without the CLI, which takes a fifth of a second to start.

Three such starts would be a third of an update that changes nothing. So the files of the CLI are read here, as
pulumi/pkg (backend/diy, workspace) writes them. Everything that does not look exactly as expected is None or False, and
then the CLI is asked: for states in buckets and services, compressed ones, and those of another layout or format.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.audit_log import location
from ops.stack.cli import StackError

FORMATS = (3, 4)
"""Versions of a state's file that are known."""

HISTORY = ".history.json"


def deployment(stack: str) -> dict[str, Any] | None:
    """The state of `stack`, its secrets encrypted, as `pulumi stack export` has it under `deployment`."""
    file = _state_file(stack)
    found = _json(file) if file else None
    if not found or found.get("version") not in FORMATS:
        return None
    checkpoint = found.get("checkpoint")
    if not isinstance(checkpoint, dict) or not _is_name(checkpoint.get("stack"), stack):
        return None
    latest = checkpoint.get("latest")
    return latest if isinstance(latest, dict) else None


def updates(stack: str, count: int) -> list[dict[str, Any]] | None:
    """The last updates of `stack`, the last one first, as `pulumi stack history --json` has them.

    Args:
        stack: name of the stack.
        count: how many at most.
    """
    state = _state_file(stack)
    if not state:
        return None
    folder = state.parents[2] / "history" / state.parent.name / stack
    # Their names hold the time of their beginning, in nanoseconds since 1970.
    newest = sorted(folder.glob(f"{stack}-*{HISTORY}"), key=lambda file: file.name, reverse=True)[:count]
    found = [_json(file) for file in newest]
    try:
        return [_as_printed(one) for one in found if one is not None] if None not in found else None
    except (KeyError, TypeError, ValueError):
        return None


def is_selected(stack: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether `stack` exists, and is the one that the CLI works on in this folder where none is named."""
    if not _state_file(stack, environment):
        return False
    url = environment.get("PULUMI_BACKEND_URL") or location.project()["backend"]["url"]
    project = Path.cwd() / "Pulumi.yaml"
    digest = hashlib.sha1(str(project).encode(), usedforsecurity=False).hexdigest()
    home = Path(environment.get("PULUMI_HOME") or Path(pwd.getpwuid(os.getuid()).pw_dir, ".pulumi"))
    found = _json(home / "workspaces" / f"{location.project()['name']}-{digest}-workspace.json")
    selected = (found or {}).get("stacks")
    return isinstance(selected, dict) and _is_name(selected.get(url), stack)


def _state_file(stack: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file with the state of `stack`; None where there is none, or not exactly one."""
    try:
        backend = location.backend(environment)
        if not backend.startswith("file://"):
            return None
        folder = Path(location.of_url(backend).folder, ".pulumi/stacks", str(location.project()["name"]))
    except (StackError, KeyError):
        return None
    # A compressed one would have another ending. Copies (`.bak`) and attributes (`.attrs`) are no states.
    names = [file.name for file in folder.glob(f"{stack}.json*")]
    states = [name for name in names if not name.endswith(".attrs") and not name.startswith(f"{stack}.json.bak")]
    return folder / f"{stack}.json" if states == [f"{stack}.json"] else None


def _is_name(found: object, stack: str) -> bool:
    """Whether `found` is the full name of a stack of this project, as a state in a folder has it."""
    return found == f"organization/{location.project()['name']}/{stack}"


def _json(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _as_printed(update: dict[str, Any]) -> dict[str, Any]:
    """An update with its times as the CLI prints them."""
    return {
        **update,
        "startTime": _time(update["startTime"]),
        "endTime": _time(update["endTime"]) if update.get("endTime") else None,
    }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
