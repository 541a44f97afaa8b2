"""The engine's events, which the CLI prints with `--json`, one per line.

The format is `apitype.EngineEvent` (pulumi/sdk, go/common/apitype/events.go). The Automation API has classes for it, in
`pulumi.automation.events`, but takes half a second to import, at every update.
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
    """A resource's URN, and its type and name for display."""

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
        """Whether it is the stack's root resource, or no resource."""
        return not self.urn or self.type == STACK

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@dataclass(frozen=True)
class Operation:
    """An operation of the engine on a resource.

    Attributes:
        phase: whether it begins, has ended or has failed.
        op: Pulumi's name of the operation, such as `create-replacement`.
        resource: the resource.
        is_planned: whether this is a preview.
        old: outputs before; None if the resource did not exist.
        new: outputs afterwards; None if the resource does not exist any more.
        is_retained: whether a deletion removes the resource from the state only.
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
        text: text of the message, without trailing white space.
        resource: the resource that it is about; its URN is empty for the whole program.
        is_status: whether it is progress, such as a line of a build, which the next one replaces on a terminal.
    """

    severity: str
    text: str
    resource: Resource
    is_status: bool = False


@dataclass(frozen=True)
class Violation:
    """A policy violation.

    Attributes:
        pack: the policy pack, with its version.
        policy: name of the policy.
        level: advisory or mandatory.
        severity: low to critical, or an empty string.
        resource: the resource that violates the policy.
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
        is_preview: whether it was a preview.
        changes: number of resources by operation.
        packs: policy packs that were evaluated, with their versions.
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
        id: ID of the download.
        text: description of the download.
    """

    id: str
    text: str


@dataclass(frozen=True)
class Text:
    """Plain text from the CLI, for example that it was interrupted."""

    text: str


Event = Operation | Diagnostic | Violation | Summary | Download | Text


def parse(line: str) -> Event | None:
    """Parse a line of the CLI's output.

    Returns:
        The event; None if it is not shown; a `Text` if the line is not an event.
    """
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
        # The engine appends the path of a local pack to its name.
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
