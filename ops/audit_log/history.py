"""Pulumi's own history of a stack, which also knows the updates that were made without this project's commands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.stack.cli import asked
from ops.state import local_state

MESSAGE = re.compile(r"\[deployment ([0-9a-f]+)\]$")
"""How the message of an update names its record."""


@dataclass(frozen=True)
class Update:
    """One update.

    Attributes:
        kind: update, destroy, refresh, import and so on.
        started: UTC, RFC 3339.
        seconds: it took; 0 while it runs.
        result: succeeded, failed or in-progress.
        version: Pulumi Cloud's number; None elsewhere.
        changes: resources by what was done to them.
        deployment: id of its record, None for an update that has none.
        message: what is said of it.
    """

    kind: str
    started: str
    seconds: float
    result: str
    version: int | None
    changes: dict[str, int]
    deployment: str | None
    message: str


def message(command: str, deployment: str) -> str:
    """The message of an update that belongs to a record."""
    return f"ops {command} [deployment {deployment}]"


def of_stack(stack: str, count: int) -> tuple[Update, ...]:
    """The last `count` updates, the last one first; nothing where Pulumi cannot say."""
    kept = local_state.updates(stack, count)
    if kept is not None:
        return tuple(_update(one) for one in kept)
    done = asked("stack", "history", "--json", "--page-size", str(count), "--stack", stack)
    if done.returncode != 0:
        return ()
    return tuple(_update(one) for one in json.loads(done.stdout or "null") or [])


def _update(found: dict[str, Any]) -> Update:
    said = str(found.get("message") or "")
    named = MESSAGE.search(said)
    started, ended = str(found["startTime"]), found.get("endTime")
    return Update(
        kind=str(found["kind"]),
        started=started,
        seconds=(datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds() if ended else 0,
        result=str(found.get("result") or ""),
        version=int(found["version"]) or None,
        changes=dict(found.get("resourceChanges") or {}),
        deployment=named[1] if named else None,
        message=said,
    )
