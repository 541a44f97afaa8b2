"""A deployment between two records. One that cannot be recorded does not begin."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ops.audit_log import facts, history, location
from ops.audit_log.history import Update
from ops.audit_log.location import shown
from ops.audit_log.log import AuditLog, Reading, of_stack
from ops.audit_log.record import Finished, Moved, Result, Started
from ops.audit_log.store import AuditLogError
from ops.stack.cli import StackError
from ops.state.interrupted import STACK, exported, settle
from ops.state.state_copies import prune
from ops.update.unchanged import SAME, Unchanged

NOT_RECORDED = 4
"""Exit code of a deployment that succeeded, and whose end could not be written down."""

BUILT = "docker-build:index:Image"


def recorded(
    stack: str, command: str, overrides: Mapping[str, Any] | None, deploy: Callable[[str], int | Unchanged]
) -> int:
    """Run `deploy` between two records of the audit log, and return its exit code, or `NOT_RECORDED`.

    Args:
        stack: what is deployed.
        command: up, refresh or destroy.
        overrides: settings of this run; None when something is removed.
        deploy: runs the CLI with this message for Pulumi's history; its exit code, or what it has found unchanged.

    Raises:
        StackError: before anything is begun, when the log cannot be written, or the state was moved elsewhere.
    """
    backend = location.backend()
    log = of_stack(stack, backend)
    state = shown(backend)
    recent = log.recent()
    _refuse_what_moved(recent, stack, state)
    _tell_of_unfinished(recent, stack)
    started = log.append(
        Started(
            id=secrets.token_hex(6),
            stack=stack,
            state=state,
            command=command,
            who=facts.who(),
            project=facts.revision(),
            source=None if overrides is None else facts.source(stack, overrides),
            before=images(exported(stack))[0],
        )
    )
    began = time.monotonic()
    message = history.message(command, started.id)
    ended = deploy(message)
    code = 0 if isinstance(ended, Unchanged) else ended
    seconds = time.monotonic() - began
    with ThreadPoolExecutor() as pool:  # each takes half a second
        asked = pool.submit(history.of_stack, stack, 5)
        state_now = exported(stack)
        updates = asked.result()
    is_written = _written(log, _finished(started, ended, seconds, images(state_now), updates))
    if code == 0:
        settle(stack, state_now, message)
    prune(stack)
    return code if is_written else code or NOT_RECORDED


def images(of_state: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The image that a state has deployed, and the last one that was built."""
    of_type = {resource["type"]: resource.get("outputs") or {} for resource in of_state.get("resources") or []}
    return of_type.get(STACK, {}).get("image"), of_type.get(BUILT, {}).get("ref")


def _finished(
    started: Started,
    ended: int | Unchanged,
    seconds: float,
    found: tuple[str | None, str | None],
    updates: Sequence[Update],
) -> Finished:
    deployed, built = found
    code, same = (0, {SAME: ended.resources}) if isinstance(ended, Unchanged) else (ended, None)
    update = next((update for update in updates if update.deployment == started.id), None)
    result: Result = "succeeded" if code == 0 else "failed" if update else "refused"
    by_result = {"succeeded": deployed, "failed": built if started.source else deployed, "refused": started.before}
    return Finished(
        id=started.id,
        stack=started.stack,
        state=started.state,
        who=started.who,
        result=result,
        exit_code=code,
        seconds=round(seconds, 1),
        image=by_result[result],
        version=update.version if update else None,
        changes=update.changes if update else same,
    )


def _written(log: AuditLog, finished: Finished) -> bool:
    try:
        log.append(finished)
    except AuditLogError as error:
        print(
            f"error: this deployment has ended ({finished.result}), and that could NOT be recorded: {error}\n"
            "  `make deployments` shows it as unfinished. What should stand there; keep it:\n"
            f"{finished.written().decode()}",
            file=sys.stderr,
        )
        return False
    if finished.exit_code == 0:  # otherwise the cause of the failure stays the last thing that is printed
        print(f"Recorded as deployment {finished.id}; all of them: make deployments STACK={finished.stack}")
    return True


def _refuse_what_moved(recent: Reading, stack: str, state: str) -> None:
    moved = [entry for entry in recent.entries if isinstance(entry, Moved)]
    if moved and moved[-1].state == state:
        raise StackError(
            f"the state of stack {stack} was moved from {state} to {moved[-1].target} ({moved[-1].time}): deploy from "
            f"there: export PULUMI_BACKEND_URL={moved[-1].target}"
        )


def _tell_of_unfinished(recent: Reading, stack: str) -> None:
    for entry in unfinished(recent):
        print(
            f"Deployment {entry.id} ({entry.command}, begun {entry.time} by {entry.who.name} on {entry.who.host}) "
            f"has no end: it was killed, or still runs there. If this one is refused because the stack is locked: "
            f"pulumi cancel --yes {stack}"
        )


def unfinished(recent: Reading) -> list[Started]:
    """What was begun after the last success, has no end, and is not a process of this machine."""
    begun: dict[str, Started] = {}
    for entry in recent.entries:
        match entry:
            case Started():
                begun[entry.id] = entry
            case Finished(result="succeeded"):
                begun.clear()
            case Finished():
                begun.pop(entry.id, None)
    return [entry for entry in begun.values() if not is_running(entry)]


def is_running(entry: Started) -> bool:
    """Whether the process that wrote `entry` runs on this machine."""
    if entry.who.host != socket.gethostname():
        return False
    try:
        os.kill(entry.who.process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
