"""Pulumi's own history of a stack, which includes updates without this project's commands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.stack.cli import run_captured
from ops.state import local_state

MESSAGE = re.compile(r"\[deployment ([0-9a-f]+)\]$")
"""End of an update's message, with the ID of its record."""


@dataclass(frozen=True)
class Update:
    """An update in Pulumi's history.

    Attributes:
        kind: update, destroy, refresh, import and so on.
        started: start time, UTC, RFC 3339.
        seconds: duration; 0 while it runs.
        result: succeeded, failed or in-progress.
        version: number of the update in Pulumi Cloud; None for other backends.
        changes: number of resources by operation.
        deployment: ID of its record; None if it has none.
        message: message of the update.
    """

    kind: str
    started: str
    seconds: float
    result: str
    version: int | None
    changes: dict[str, int]
    deployment: str | None
    message: str


def update_message(command: str, deployment: str) -> str:
    """The message of an update that belongs to a record.

    Args:
        command: name of the command.
        deployment: ID of the record.
    """
    return f"ops {command} [deployment {deployment}]"


def read_history(stack: str, count: int) -> tuple[Update, ...]:
    """The last updates of a stack, newest first; empty if Pulumi cannot read them.

    Args:
        stack: name of the stack.
        count: maximum number of updates.
    """
    updates = local_state.updates(stack, count)
    if updates is not None:
        return tuple(_parse_update(update) for update in updates)
    result = run_captured("stack", "history", "--json", "--page-size", str(count), "--stack", stack)
    if result.returncode != 0:
        return ()
    return tuple(_parse_update(update) for update in json.loads(result.stdout or "null") or [])


def _parse_update(update: dict[str, Any]) -> Update:
    message = str(update.get("message") or "")
    match = MESSAGE.search(message)
    started, ended = str(update["startTime"]), update.get("endTime")
    return Update(
        kind=str(update["kind"]),
        started=started,
        seconds=(datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds() if ended else 0,
        result=str(update.get("result") or ""),
        version=int(update["version"]) or None,
        changes=dict(update.get("resourceChanges") or {}),
        deployment=match[1] if match else None,
        message=message,
    )
