"""What Pulumi's engine would do, one `Change` a resource, folded from the steps that it announces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pulumi.automation import OpType, StepEventMetadata

Kind = Literal["create", "update", "replace", "delete"]

KINDS: Mapping[OpType, Kind] = {
    OpType.CREATE: "create",
    OpType.IMPORT: "create",
    OpType.UPDATE: "update",
    OpType.REPLACE: "replace",
    OpType.CREATE_REPLACEMENT: "replace",
    OpType.IMPORT_REPLACEMENT: "replace",
    OpType.DELETE: "delete",
    OpType.DELETE_REPLACED: "delete",
}
"""What each step is to a reader; a resource with several steps is what the first of `ORDER` says."""

ORDER: tuple[Kind, ...] = ("replace", "create", "update", "delete")


@dataclass(frozen=True)
class Change:
    """What happens to one resource.

    Attributes:
        urn: Pulumi's name of it.
        kind: what happens.
        paths: properties that differ, as the provider names them, such as `envs[1]`.
        delete_first: replaced, and the old one ends before the new one exists.
        protected: Pulumi refuses to delete it.
        retained: Pulumi forgets it instead of deleting it.
        old: its inputs as they are.
        new: its inputs as they would be. Secrets are masked by the engine in both.
    """

    urn: str
    kind: Kind
    paths: tuple[str, ...] = ()
    delete_first: bool = False
    protected: bool = False
    retained: bool = False
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.rsplit("::", 1)[1]

    @property
    def type(self) -> str:
        """Its type, without the components that it is in."""
        return self._types[-1]

    @property
    def within(self) -> tuple[str, ...]:
        """The types of the components that it is in, the outermost first."""
        return tuple(self._types[:-1])

    @property
    def removes(self) -> bool:
        """Whether what is there now goes."""
        return self.kind in ("replace", "delete")

    @property
    def _types(self) -> list[str]:
        return self.urn.split("::")[2].split("$")


def fold(steps: Iterable[StepEventMetadata]) -> list[Change]:
    """The changes that `steps`, in the engine's order, add up to; components and what stays the same are left out."""
    by_urn: dict[str, list[StepEventMetadata]] = {}
    for step in steps:
        state = step.new or step.old
        if step.op in KINDS and state and state.custom:
            by_urn.setdefault(step.urn, []).append(step)
    return [_one(urn, of_it) for urn, of_it in by_urn.items()]


def _one(urn: str, steps: list[StepEventMetadata]) -> Change:
    kinds = {KINDS[step.op] for step in steps}
    ops = [step.op for step in steps]
    made, gone = (ops.index(op) if op in ops else None for op in (OpType.CREATE_REPLACEMENT, OpType.DELETE_REPLACED))
    old = next((step.old for step in steps if step.old), None)
    new = next((step.new for step in steps if step.new), None)
    return Change(
        urn=urn,
        kind=next(kind for kind in ORDER if kind in kinds),
        paths=tuple(sorted({path for step in steps for path in (step.detailed_diff or step.diffs or ())})),
        delete_first=made is not None and gone is not None and gone < made,
        protected=bool(old and old.protect),
        retained=bool(old and old.retain_on_delete),
        old=(old and old.inputs) or {},
        new=(new and new.inputs) or {},
    )
