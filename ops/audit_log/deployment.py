"""A deployment, merged from its two records and from Pulumi's own history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from ops.audit_log.history import Update
from ops.audit_log.log import AnyEntry
from ops.audit_log.record import Actor, DeploymentSource, Finished, Revision, Started
from ops.audit_log.recording import is_running

NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Deployment:
    """A deployment of a stack.

    Attributes:
        id: ID of its records; None for an update without this project's commands.
        command: up, refresh, destroy or move-state; for an update without records, Pulumi's kind of update.
        stack: name of the stack.
        started: start time, UTC, RFC 3339.
        finished: end time, as `started`; None if it is not recorded.
        seconds: duration; None if unknown.
        result: succeeded, failed, refused, running (on this machine), or unfinished (killed, or running elsewhere).
        pulumi: the result in Pulumi's history; None if it is not there.
        who: who deployed; None if it is not recorded.
        project: revision of this project.
        source: what was to be deployed.
        before: image of the stack before, with its digest.
        image: image of the stack after, with its digest; after a failure, the image that was built.
        changes: number of resources by operation.
        version: number of the update in Pulumi Cloud.
        state: URL of the state.
        note: further remarks.
    """

    id: str | None
    command: str
    stack: str | None
    started: str
    finished: str | None
    seconds: float | None
    result: str
    pulumi: str | None
    who: Actor | None = None
    project: Revision | None = None
    source: DeploymentSource | None = None
    before: str | None = None
    image: str | None = None
    changes: dict[str, int] | None = None
    version: int | None = None
    state: str | None = None
    note: str = ""

    def concerns(self, digest: str) -> bool:
        """Whether it deployed or replaced an image with a digest that starts with `digest`."""
        images = [self.before, self.image, self.source.digest if self.source else None]
        return any(digest in image for image in images if image)

    def as_json(self) -> dict[str, Any]:
        """All attributes, for JSON."""
        parts = {"who": self.who, "project": self.project, "source": self.source}
        return {**asdict(self), **{name: part and part.model_dump() for name, part in parts.items()}}


def merge_deployments(entries: Sequence[AnyEntry], updates: Sequence[Update]) -> list[Deployment]:
    """Merge the audit log with Pulumi's history.

    Args:
        entries: objects of the audit log.
        updates: updates in Pulumi's history.

    Returns:
        Every recorded deployment, and every update without a record; newest first.
    """
    recorded_updates = {update.deployment: update for update in updates if update.deployment}
    deployments: dict[str, Deployment] = {}
    for entry in entries:
        if isinstance(entry, Started):
            deployments[entry.id] = _started(entry, recorded_updates.get(entry.id))
        elif isinstance(entry, Finished):
            deployments[entry.id] = _finished(deployments.get(entry.id), entry)
        else:
            deployments[f"move {entry.number}"] = Deployment(
                id=None,
                command="move-state",
                stack=entry.stack,
                started=entry.time,
                finished=entry.time,
                seconds=None,
                result="succeeded",
                pulumi=None,
                who=entry.who,
                state=entry.state,
                note=f"to {entry.target}",
            )
    unrecorded = [_unrecorded(update) for update in updates if update.deployment not in deployments]
    return sorted(
        [*deployments.values(), *unrecorded],
        key=lambda deployment: datetime.fromisoformat(deployment.started),
        reverse=True,
    )


def _started(entry: Started, update: Update | None) -> Deployment:
    return Deployment(
        id=entry.id,
        command=entry.command,
        stack=entry.stack,
        started=entry.time,
        finished=None,
        seconds=None,
        result="running" if is_running(entry) else "unfinished",
        pulumi=update.result if update else None,
        who=entry.who,
        project=entry.project,
        source=entry.source,
        before=entry.before,
        state=entry.state,
        note=f"its end is not recorded; result in Pulumi's history: {update.result}" if update else "",
    )


def _finished(started: Deployment | None, entry: Finished) -> Deployment:
    deployment = started or Deployment(
        id=entry.id,
        command="?",
        stack=entry.stack,
        started=entry.time,
        finished=None,
        seconds=None,
        result="",
        pulumi=None,
        who=entry.who,
        state=entry.state,
    )
    return replace(
        deployment,
        finished=entry.time,
        seconds=entry.seconds,
        result=entry.result,
        image=entry.image,
        changes=entry.changes,
        version=entry.version,
        note="" if started else "its start is not recorded",
    )


def _unrecorded(update: Update) -> Deployment:
    message = update.message.splitlines()[0] if update.message else ""
    return Deployment(
        id=update.deployment,
        command=f"pulumi {update.kind}",
        stack=None,
        started=update.started,
        finished=None,
        seconds=update.seconds,
        result=update.result,
        pulumi=update.result,
        changes=update.changes,
        version=update.version,
        note=f"{NOT_RECORDED}: updated without `make`, or its records were removed"
        + (f"; message: {message}" if message else ""),
    )
