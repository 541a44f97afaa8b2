"""The engine's events, of which the CLI prints one a line with `--json`.

The shapes are those of `apitype.EngineEvent` (pulumi/sdk, go/common/apitype/events.go). The Automation API has the same
as classes, in `pulumi.automation.events`, but takes half a second to import, at every update.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

STACK = "pulumi:pulumi:Stack"

Phase = Literal["begin", "end", "failure"]
PHASES: Mapping[str, Phase] = {"resourcePreEvent": "begin", "resOutputsEvent": "end", "resOpFailedEvent": "failure"}


@dataclass(frozen=True)
class Resource:
    """A resource's URN, and what a person calls it."""

    urn: str

    @property
    def type(self) -> str:
        """The type, shortened as Pulumi does: `docker:index:Container` for `docker:index/container:Container`."""
        full = self.urn.split("::")[2].rsplit("$", 1)[-1] if self.urn.count("::") >= 3 else ""
        package, _, rest = full.partition(":")
        module, _, name = rest.partition(":")
        folder, slash, file = module.rpartition("/")
        return f"{package}:{folder}:{name}" if slash and file == name[:1].lower() + name[1:] else full

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.split("::", 3)[-1]

    @property
    def is_stack(self) -> bool:
        """Whether it is the stack's own resource, or none at all."""
        return not self.urn or self.type == STACK

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@dataclass(frozen=True)
class Operation:
    """What the engine does with a resource.

    Attributes:
        phase: whether it begins, has ended or has failed.
        op: Pulumi's word for it, such as `create-replacement`.
        resource: with which it is done.
        is_planned: whether this is a preview.
        old: outputs before; None where the resource was not there.
        new: outputs afterwards; None where the resource is not there any more.
        is_retained: whether Pulumi forgets the resource and leaves it where it is.
    """

    phase: Phase
    op: str
    resource: Resource
    is_planned: bool = False
    old: Mapping[str, Any] | None = None
    new: Mapping[str, Any] | None = None
    is_retained: bool = False


@dataclass(frozen=True)
class Diagnostic:
    """A message.

    Attributes:
        severity: debug, info, `info#err` (a program's stderr), warning or error.
        text: without an empty line at its end.
        resource: what it is about; with an empty URN if it is the whole program.
        is_status: whether it is progress, such as a line of a build, which the next one replaces on a terminal.
    """

    severity: str
    text: str
    resource: Resource
    is_status: bool = False


@dataclass(frozen=True)
class Violation:
    """What a policy has against a resource.

    Attributes:
        pack: the policy pack, with its version.
        policy: its name.
        level: advisory or mandatory.
        severity: low to critical, or an empty text.
        resource: of which the policy complains.
        text: what is wrong, and how to fix it.
    """

    pack: str
    policy: str
    level: str
    severity: str
    resource: Resource
    text: str


@dataclass(frozen=True)
class Summary:
    """The end of a preview or an update.

    Attributes:
        is_preview: which of the two.
        changes: number of resources for each operation.
        packs: policy packs that ran, with their versions.
        is_failed: whether it failed.
    """

    is_preview: bool
    changes: Mapping[str, int]
    packs: tuple[str, ...]
    is_failed: bool


@dataclass(frozen=True)
class Download:
    """Progress of a plugin's download or installation.

    Attributes:
        id: of the download.
        text: what is downloaded.
    """

    id: str
    text: str


@dataclass(frozen=True)
class Text:
    """Something that the CLI says in words, for example that it was told to stop."""

    text: str


Event = Operation | Diagnostic | Violation | Summary | Download | Text


def parse(line: str) -> Event | None:
    """The event on a line of the CLI's output; None for one that is not shown, a text for a line without an event."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return Text(line)
    if not isinstance(event, dict):
        return Text(line)
    for key, content in event.items():
        if key in PHASES:
            return _operation(PHASES[key], content)
        if key in READERS:
            return READERS[key](content)
    return None


def _operation(phase: Phase, content: Mapping[str, Any]) -> Operation:
    step = content["metadata"]
    old, new = step.get("old"), step.get("new")
    return Operation(
        phase=phase,
        op=step["op"],
        resource=Resource(step["urn"]),
        is_planned=bool(content.get("planning")),
        old=old and (old.get("outputs") or {}),
        new=new and (new.get("outputs") or {}),
        is_retained=bool(old and old.get("retainOnDelete")),
    )


def _diagnostic(content: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(
        severity=content.get("severity", "info"),
        text=content.get("message", "").rstrip(),
        resource=Resource(content.get("urn", "")),
        is_status=bool(content.get("ephemeral")),
    )


def _violation(content: Mapping[str, Any]) -> Violation:
    return Violation(
        pack=_pack(content.get("policyPackName", ""), content.get("policyPackVersion", "")),
        policy=content.get("policyName", ""),
        level=content.get("enforcementLevel", ""),
        severity=content.get("severity", ""),
        resource=Resource(content.get("resourceUrn", "")),
        text=content.get("message", "").rstrip(),
    )


def _summary(content: Mapping[str, Any]) -> Summary:
    return Summary(
        is_preview=bool(content.get("isPreview")),
        changes=content.get("resourceChanges") or {},
        # The engine adds to a local pack's name where it is on this machine.
        packs=tuple(_pack(name.split("|")[0], version) for name, version in (content.get("PolicyPacks") or {}).items()),
        is_failed=content.get("result") == "failed",
    )


def _pack(name: str, version: str) -> str:
    return f"{name}@v{version}" if version else name


READERS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
    "diagnosticEvent": _diagnostic,
    "policyEvent": _violation,
    "summaryEvent": _summary,
    "progressEvent": lambda content: Download(content.get("id", ""), content.get("message", "")),
    "stdoutEvent": lambda content: Text(content.get("message", "").rstrip()),
}
