"""Reads a stack's state from a local backend without the CLI, which takes 0.2 seconds to start.

Three such starts would be a third of an update without changes. The files are read as pulumi/pkg (backend/diy,
workspace) writes them. For everything that is not exactly as expected, the functions return None or False, and the
caller uses the CLI: for states in buckets and services, compressed states, and other layouts and formats.
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
from ops.stack.stack_error import StackError

FORMATS = (3, 4)
"""Supported versions of the state file."""

HISTORY = ".history.json"


def deployment(stack: str) -> dict[str, Any] | None:
    """The state of `stack`, with its secrets encrypted: `deployment` in the output of `pulumi stack export`."""
    file = _state_file(stack)
    content = _read_json(file) if file else None
    if not content or content.get("version") not in FORMATS:
        return None
    checkpoint = content.get("checkpoint")
    if not isinstance(checkpoint, dict) or not _is_name(checkpoint.get("stack"), stack):
        return None
    latest = checkpoint.get("latest")
    return latest if isinstance(latest, dict) else None


def updates(stack: str, count: int) -> list[dict[str, Any]] | None:
    """The last updates of `stack`, newest first, as `pulumi stack history --json` prints them.

    Args:
        stack: name of the stack.
        count: maximum number of updates.
    """
    state = _state_file(stack)
    if not state:
        return None
    folder = state.parents[2] / "history" / state.parent.name / stack
    # File names contain the start time, in nanoseconds since 1970.
    newest = sorted(folder.glob(f"{stack}-*{HISTORY}"), key=lambda file: file.name, reverse=True)[:count]
    updates = [_read_json(file) for file in newest]
    try:
        return [_format_times(update) for update in updates if update is not None] if None not in updates else None
    except (KeyError, TypeError, ValueError):
        return None


def is_selected(stack: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether `stack` exists, and is the CLI's current stack in this folder.

    Args:
        stack: name of the stack.
        environment: environment of the CLI.
    """
    if not _state_file(stack, environment):
        return False
    url = environment.get("PULUMI_BACKEND_URL") or location.project()["backend"]["url"]
    project = Path.cwd() / "Pulumi.yaml"
    digest = hashlib.sha1(str(project).encode(), usedforsecurity=False).hexdigest()
    home = Path(environment.get("PULUMI_HOME") or Path(pwd.getpwuid(os.getuid()).pw_dir, ".pulumi"))
    workspace = _read_json(home / "workspaces" / f"{location.project()['name']}-{digest}-workspace.json")
    selected = (workspace or {}).get("stacks")
    return isinstance(selected, dict) and _is_name(selected.get(url), stack)


def _state_file(stack: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file with the state of `stack`; None unless there is exactly one."""
    try:
        backend = location.backend(environment)
        if not backend.startswith("file://"):
            return None
        folder = Path(location.parse_url(backend).folder, ".pulumi/stacks", str(location.project()["name"]))
    except (StackError, KeyError):
        return None
    # A compressed state has another suffix. Backups (`.bak`) and attributes (`.attrs`) are not states.
    names = [file.name for file in folder.glob(f"{stack}.json*")]
    states = [name for name in names if not name.endswith(".attrs") and not name.startswith(f"{stack}.json.bak")]
    return folder / f"{stack}.json" if states == [f"{stack}.json"] else None


def _is_name(value: object, stack: str) -> bool:
    """Whether `value` is the full name of `stack` in a local backend."""
    return value == f"organization/{location.project()['name']}/{stack}"


def _read_json(file: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _format_times(update: dict[str, Any]) -> dict[str, Any]:
    """An update with its times in the format of the CLI."""
    return {
        **update,
        "startTime": _format_time(update["startTime"]),
        "endTime": _format_time(update["endTime"]) if update.get("endTime") else None,
    }


def _format_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
