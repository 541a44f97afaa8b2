"""The data of a report; `markdown` and `as_json` render it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ops.exit_codes import ExitCode
from ops.report.change import Change, Kind
from ops.report.meaning.meaning import Meaning


@dataclass(frozen=True)
class Violation:
    """A policy that a resource breaks.

    Attributes:
        policy: the policy's name.
        resource: the resource's name; empty for the stack itself.
        mandatory: whether it blocks an update.
        message: what is wrong and how to fix it.
    """

    policy: str
    resource: str
    mandatory: bool
    message: str


@dataclass(frozen=True)
class Report:
    """The report of one stack.

    Attributes:
        stack: its name.
        kind: a preview of an update, or a drift check.
        changes: what happens to each resource.
        meaning: the effects of all changes.
        unchanged: how many resources stay as they are.
        image: what happens to the image, as text.
        settings: paths of the settings that differ from the last update; None without one.
        violations: of policies.
        packs: policy packs that judged, with their version.
        warnings: of the program and the providers.
        errors: why the preview failed.
        allowed: names of the resources whose destructive changes are allowed.
        command: the command that repeats it.
        changed_by: who changed what, as the cluster's field managers have it; one line for each field.
        deletions: what holds data and is being deleted in the cluster, with what can be done.
    """

    stack: str
    kind: Literal["preview", "drift"]
    changes: Sequence[Change]
    meaning: Meaning
    unchanged: int
    image: str
    settings: tuple[str, ...] | None
    violations: Sequence[Violation] = ()
    packs: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    errors: Sequence[str] = ()
    allowed: frozenset[str] = frozenset()
    command: str = ""
    changed_by: Sequence[str] = ()
    deletions: Sequence[str] = ()

    @property
    def counts(self) -> dict[Kind, int]:
        """How many changes there are of each kind."""
        kinds: tuple[Kind, ...] = ("create", "update", "replace", "delete")
        return {kind: sum(change.kind == kind for change in self.changes) for kind in kinds}

    @property
    def not_allowed(self) -> list[Change]:
        """Destructive changes that are not allowed."""
        return [change for change in self.meaning.destructive if change.name not in self.allowed]

    @property
    def code(self) -> ExitCode:
        """The exit code. A destructive change takes precedence over an error: it needs approval, not a fix."""
        if self.not_allowed or self.deletions:
            return ExitCode.DESTRUCTIVE
        if self.errors or any(violation.mandatory for violation in self.violations):
            return ExitCode.ERROR
        return ExitCode.CHANGE if self.changes else ExitCode.NO_CHANGE
