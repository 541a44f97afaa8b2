"""Runs a deployment between two records of the audit log. One that cannot be recorded does not start."""

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
from ops.audit_log.location import redact_url
from ops.audit_log.log import AuditLog, Reading, open_log
from ops.audit_log.record import Finished, Moved, Result, Started
from ops.audit_log.store import AuditLogError
from ops.stack.stack_error import StackError
from ops.state.interrupted import STACK, clear_pending_creates, export_state
from ops.state.state_copies import prune
from ops.update.unchanged import SAME, Unchanged

NOT_RECORDED = 4
"""Exit code of a deployment that succeeded, but whose end could not be recorded."""

IMAGE_TYPE = "docker-build:index:Image"


def run_recorded(
    stack: str, command: str, overrides: Mapping[str, Any] | None, deploy: Callable[[str], int | Unchanged]
) -> int:
    """Run `deploy` between two records of the audit log.

    Args:
        stack: name of the stack.
        command: up, refresh or destroy.
        overrides: settings for this run only; None for destroy.
        deploy: runs the CLI, with a message for Pulumi's history, and returns its exit code or what is unchanged.

    Returns:
        The exit code, or `NOT_RECORDED`.

    Raises:
        StackError: the log cannot be written, or the state was moved; nothing was started.
    """
    backend = location.backend()
    log = open_log(stack, backend)
    state_url = redact_url(backend)
    recent = log.recent()
    _reject_moved_state(recent, stack, state_url)
    _report_unfinished(recent, stack)
    started = log.append(
        Started(
            id=secrets.token_hex(6),
            stack=stack,
            state=state_url,
            command=command,
            who=facts.current_actor(),
            project=facts.project_revision(),
            source=None if overrides is None else facts.deployment_source(stack, overrides),
            before=images(export_state(stack))[0],
        )
    )
    start_time = time.monotonic()
    message = history.update_message(command, started.id)
    result = deploy(message)
    code = 0 if isinstance(result, Unchanged) else result
    seconds = time.monotonic() - start_time
    with ThreadPoolExecutor() as pool:  # each takes half a second
        updates = pool.submit(history.read_history, stack, 5)
        state = export_state(stack)
        finished = _finished(started, result, seconds, images(state), updates.result())
    is_written = _write_finished(log, finished)
    if code == 0:
        clear_pending_creates(stack, state, message)
    prune(stack)
    return code if is_written else code or NOT_RECORDED


def images(state: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The image that is deployed according to a state, and the last image that was built."""
    outputs = {resource["type"]: resource.get("outputs") or {} for resource in state.get("resources") or []}
    return outputs.get(STACK, {}).get("image"), outputs.get(IMAGE_TYPE, {}).get("ref")


def _finished(
    started: Started,
    deploy_result: int | Unchanged,
    seconds: float,
    state_images: tuple[str | None, str | None],
    updates: Sequence[Update],
) -> Finished:
    deployed, built = state_images
    if isinstance(deploy_result, Unchanged):
        code, unchanged = 0, {SAME: deploy_result.resources}
    else:
        code, unchanged = deploy_result, None
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
        changes=update.changes if update else unchanged,
    )


def _write_finished(log: AuditLog, finished: Finished) -> bool:
    try:
        log.append(finished)
    except AuditLogError as error:
        print(
            f"error: this deployment has ended ({finished.result}), but its end could NOT be recorded: {error}\n"
            "  `make deployments` shows it as unfinished. Keep the record that could not be written:\n"
            f"{finished.to_json().decode()}",
            file=sys.stderr,
        )
        return False
    if finished.exit_code == 0:  # after a failure, its cause must be the last output
        print(f"Recorded as deployment {finished.id}; to list all: make deployments STACK={finished.stack}")
    return True


def _reject_moved_state(recent: Reading, stack: str, state: str) -> None:
    moves = [entry for entry in recent.entries if isinstance(entry, Moved)]
    if moves and moves[-1].state == state:
        target, time_of_move = moves[-1].target, moves[-1].time
        raise StackError(
            f"the state of stack {stack} was moved from {state} to {target} ({time_of_move}). Use the new backend: "
            f"export PULUMI_BACKEND_URL={target}"
        )


def _report_unfinished(recent: Reading, stack: str) -> None:
    for entry in unfinished(recent):
        print(
            f"Deployment {entry.id} ({entry.command}, started {entry.time} by {entry.who.name} on {entry.who.host}) "
            f"has not ended: it was killed, or is still running there. If the stack is locked: "
            f"pulumi cancel --yes {stack}"
        )


def unfinished(recent: Reading) -> list[Started]:
    """Deployments that started after the last success, have not ended, and do not run on this machine."""
    started: dict[str, Started] = {}
    for entry in recent.entries:
        match entry:
            case Started():
                started[entry.id] = entry
            case Finished(result="succeeded"):
                started.clear()
            case Finished():
                started.pop(entry.id, None)
    return [entry for entry in started.values() if not is_running(entry)]


def is_running(entry: Started) -> bool:
    """Whether the process that wrote `entry` is running on this machine."""
    if entry.who.host != socket.gethostname():
        return False
    try:
        os.kill(entry.who.process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
