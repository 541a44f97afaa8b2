"""The report itself, as data; `markdown` and `as_json` write it down."""

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
        resource: the resource's name; empty where it is the whole stack.
        mandatory: whether it stops an update.
        message: what is wrong and how to mend it.
    """

    policy: str
    resource: str
    mandatory: bool
    message: str


@dataclass(frozen=True)
class Report:
    """What a reviewer reads of one stack.

    Attributes:
        stack: its name.
        kind: a preview of a change, or a look for drift.
        changes: what happens to each resource.
        meaning: what that adds up to.
        unchanged: how many resources stay as they are.
        image: what becomes of the image, in words.
        settings: paths of the settings that differ from the last update; None where there was none.
        violations: of policies.
        packs: policy packs that judged, with their version.
        warnings: of the program and the providers.
        errors: because of which the preview failed.
        allowed: destructive changes that somebody has allowed, by the resource's name.
        command: what repeats it.
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
        return {kind: sum(one.kind == kind for one in self.changes) for kind in kinds}

    @property
    def not_allowed(self) -> list[Change]:
        """Destructive changes that nobody has allowed."""
        return [one for one in self.meaning.destructive if one.name not in self.allowed]

    @property
    def code(self) -> ExitCode:
        """How it ended. What destroys comes first: it needs another answer than a mistake does."""
        if self.not_allowed or self.deletions:
            return ExitCode.DESTRUCTIVE
        if self.errors or any(one.mandatory for one in self.violations):
            return ExitCode.ERROR
        return ExitCode.CHANGE if self.changes else ExitCode.NO_CHANGE
