"""What the log's objects hold. A record never holds a setting's value, an output or an error's text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Result = Literal["succeeded", "failed", "refused"]
"""`refused`: Pulumi did not begin, for example because another update held the stack's lock."""


def now() -> str:
    """The time, UTC, as RFC 3339 and as Pulumi writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Part(BaseModel):
    """Something written down; what a later version of this program adds is left unread."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Who(_Part):
    """Who ran a command, as this machine or the pipeline says; nobody vouches for it but the log's access rules.

    Attributes:
        name: the actor of a GitHub workflow, else git's user, else the system's.
        login: the system's user.
        host: the machine.
        process: its process there.
        run: URL of the workflow's run.
    """

    name: str
    login: str
    host: str
    process: int
    run: str | None = None


class Revision(_Part):
    """Where files came from; `dirty` means that they were changed since `commit`."""

    commit: str | None = None
    dirty: bool = False


class From(_Part):
    """What was to be deployed: a source (its place without credentials) and its revision, or a digest."""

    location: str | None = None
    revision: Revision = Revision()
    digest: str | None = None


class _Entry(_Part):
    """What every object has.

    Attributes:
        format: of this object.
        number: its place in the log.
        previous: SHA-256 of the object before it, as it was written; "" in the first.
        time: UTC, RFC 3339.
        stack: of this project.
        state: where the state lay.
        who: did it.
    """

    format: Literal[1] = 1
    number: int = 0
    previous: str = ""
    time: str = Field(default_factory=now)
    stack: str
    state: str
    who: Who

    def written(self) -> bytes:
        """The object's content."""
        return self.model_dump_json(indent=2).encode() + b"\n"


class Started(_Entry):
    """A command that deploys or removes the stack is about to.

    Attributes:
        id: of this deployment; Pulumi's own history has it in the update's message.
        command: up, refresh or destroy.
        project: revision of this project.
        source: what was to be deployed; None when something is removed.
        before: image that the stack had, with its digest.
    """

    event: Literal["started"] = "started"
    id: str
    command: str
    project: Revision
    source: From | None
    before: str | None


class Finished(_Entry):
    """It has ended.

    Attributes:
        id: of the `Started`.
        result: how.
        exit_code: the CLI's.
        seconds: it took.
        image: with its digest, that the stack has now; after a failure, the one that was built.
        version: Pulumi Cloud's number of the update; other backends have none.
        changes: resources by what Pulumi did to them, such as {"create": 3, "same": 18}; None where it never began.
    """

    event: Literal["finished"] = "finished"
    id: str
    result: Result
    exit_code: int
    seconds: float
    image: str | None
    version: int | None
    changes: dict[str, int] | None


class Moved(_Entry):
    """The state has been moved from `state` to `target`, with so many `resources`."""

    event: Literal["moved"] = "moved"
    target: str
    resources: int


Entry = Annotated[Started | Finished | Moved, Field(discriminator="event")]
ENTRY: TypeAdapter[Started | Finished | Moved] = TypeAdapter(Entry)
"""Reads one."""
