"""One deployment, from its two records and from what Pulumi's own history says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from ops.audit_log.history import Update
from ops.audit_log.log import AnyEntry
from ops.audit_log.record import Finished, From, Revision, Started, Who
from ops.audit_log.recorded import is_running

NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Deployment:
    """What is known of one.

    Attributes:
        id: of its records; None for an update that was made past this project's commands.
        command: up, refresh, destroy or move-state; of an update without records Pulumi's own word for it.
        stack: of this project.
        started: UTC, RFC 3339.
        finished: as `started`; None where the end is not recorded.
        seconds: it took, None where that is not known.
        result: succeeded, failed, refused, running (on this machine), or unfinished: it was killed, or runs elsewhere.
        pulumi: what Pulumi's history says of it, for example where it was not recorded any more; None where nothing.
        who: did it; None where it was not recorded.
        project: revision of this project.
        source: what was to be deployed.
        before: image with digest, of the stack before.
        image: image with digest, of the stack after, or that was built when it failed.
        changes: resources by what was done to them.
        version: Pulumi Cloud's number.
        state: where the state lay.
        note: what else is to be said.
    """

    id: str | None
    command: str
    stack: str | None
    started: str
    finished: str | None
    seconds: float | None
    result: str
    pulumi: str | None
    who: Who | None = None
    project: Revision | None = None
    source: From | None = None
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
        """All of it."""
        parts = {"who": self.who, "project": self.project, "source": self.source}
        return {**asdict(self), **{name: part and part.model_dump() for name, part in parts.items()}}


def merged(entries: Sequence[AnyEntry], updates: Sequence[Update]) -> list[Deployment]:
    """Every deployment of `entries`, and every one of `updates` that has none; the last one first."""
    known = {update.deployment: update for update in updates if update.deployment}
    found: dict[str, Deployment] = {}
    for entry in entries:
        if isinstance(entry, Started):
            found[entry.id] = _begun(entry, known.get(entry.id))
        elif isinstance(entry, Finished):
            found[entry.id] = _ended(found.get(entry.id), entry)
        else:
            found[f"move {entry.number}"] = Deployment(
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
    past = [_unrecorded(update) for update in updates if update.deployment not in found]
    everything = [*found.values(), *past]
    return sorted(everything, key=lambda one: datetime.fromisoformat(one.started), reverse=True)


def _begun(entry: Started, update: Update | None) -> Deployment:
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
        note=f"its end is not recorded; Pulumi says: {update.result}" if update else "",
    )


def _ended(begun: Deployment | None, entry: Finished) -> Deployment:
    known = begun or Deployment(
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
        known,
        finished=entry.time,
        seconds=entry.seconds,
        result=entry.result,
        image=entry.image,
        changes=entry.changes,
        version=entry.version,
        note="" if begun else "its beginning is missing",
    )


def _unrecorded(update: Update) -> Deployment:
    said = update.message.splitlines()[0] if update.message else ""
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
        note=f"{NOT_RECORDED}: made past `make`, or its records are gone" + (f"; message: {said}" if said else ""),
    )
