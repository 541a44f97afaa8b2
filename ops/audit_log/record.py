"""The format of the log's objects. A record never contains a setting's value, an output or an error message."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Result = Literal["succeeded", "failed", "refused"]
"""`refused`: Pulumi did not start, for example because another update held the stack's lock."""


def now() -> str:
    """The current time, UTC, RFC 3339, in Pulumi's format."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Record(BaseModel):
    """Base of everything in a record; fields that a later version of this program added are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Actor(_Record):
    """Who ran a command, as reported by the machine or pipeline; only the log's access control authenticates it.

    Attributes:
        name: actor of the GitHub workflow, else user.name of git, else `login`.
        login: user of the operating system.
        host: host name.
        process: process ID on the host.
        run: URL of the workflow run.
    """

    name: str
    login: str
    host: str
    process: int
    run: str | None = None


class Revision(_Record):
    """The git revision of files; `dirty` means that they differ from `commit`."""

    commit: str | None = None
    dirty: bool = False


class DeploymentSource(_Record):
    """What was to be deployed: a source (its location without credentials) and its revision, or a digest."""

    location: str | None = None
    revision: Revision = Revision()
    digest: str | None = None


class _Entry(_Record):
    """The fields of every object.

    Attributes:
        format: version of the format.
        number: position in the log, from 1.
        previous: SHA-256 of the previous object's content; "" in the first.
        time: UTC, RFC 3339.
        stack: name of the stack.
        state: URL of the state, without credentials.
        who: who ran the command.
    """

    format: Literal[1] = 1
    number: int = 0
    previous: str = ""
    time: str = Field(default_factory=now)
    stack: str
    state: str
    who: Actor

    def to_json(self) -> bytes:
        """The content of the object."""
        return self.model_dump_json(indent=2).encode() + b"\n"


class Started(_Entry):
    """A command that deploys or removes the stack has started.

    Attributes:
        id: ID of this deployment; also in the update's message in Pulumi's history.
        command: up, refresh or destroy.
        project: revision of this project.
        source: what is to be deployed; None for destroy.
        before: image that the stack had, with its digest.
    """

    event: Literal["started"] = "started"
    id: str
    command: str
    project: Revision
    source: DeploymentSource | None
    before: str | None


class Finished(_Entry):
    """A command has ended.

    Attributes:
        id: ID of its `Started`.
        result: its result.
        exit_code: exit code of the CLI.
        seconds: duration.
        image: image that the stack has now, with its digest; after a failure, the image that was built.
        version: number of the update in Pulumi Cloud; None for other backends.
        changes: number of resources by operation, such as {"create": 3, "same": 18}; None if Pulumi did not start.
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
    """The state was moved from `state` to `target`; it has `resources` resources."""

    event: Literal["moved"] = "moved"
    target: str
    resources: int


Entry = Annotated[Started | Finished | Moved, Field(discriminator="event")]
ENTRY: TypeAdapter[Started | Finished | Moved] = TypeAdapter(Entry)
"""Parses an entry."""
