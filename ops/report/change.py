"""What Pulumi's engine would do: one `Change` per resource, combined from the engine's steps."""

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
"""The kind of change of each step. A resource with several steps gets the first of their kinds in `ORDER`."""

ORDER: tuple[Kind, ...] = ("replace", "create", "update", "delete")


@dataclass(frozen=True)
class Change:
    """What happens to one resource.

    Attributes:
        urn: the resource's URN.
        kind: what happens.
        paths: properties that differ, as the provider names them, such as `envs[1]`.
        delete_first: whether a replacement deletes the old resource before it creates the new one.
        protected: whether Pulumi refuses to delete it.
        retained: whether a deletion keeps it on the platform (`retainOnDelete`).
        old: its current inputs.
        new: its inputs after the update. The engine masks secrets in both.
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
        """Its type, without the types of its parent components."""
        return self._types[-1]

    @property
    def within(self) -> tuple[str, ...]:
        """The types of its parent components, the outermost first."""
        return tuple(self._types[:-1])

    @property
    def removes(self) -> bool:
        """Whether the existing resource is deleted."""
        return self.kind in ("replace", "delete")

    @property
    def _types(self) -> list[str]:
        return self.urn.split("::")[2].split("$")


def fold(steps: Iterable[StepEventMetadata]) -> list[Change]:
    """Combine `steps`, in the engine's order, into one change per resource.

    Components and unchanged resources are left out.
    """
    by_urn: dict[str, list[StepEventMetadata]] = {}
    for step in steps:
        state = step.new or step.old
        if step.op in KINDS and state and state.custom:
            by_urn.setdefault(step.urn, []).append(step)
    return [_combine(urn, resource_steps) for urn, resource_steps in by_urn.items()]


def _combine(urn: str, steps: list[StepEventMetadata]) -> Change:
    kinds = {KINDS[step.op] for step in steps}
    ops = [step.op for step in steps]
    create, delete = (
        ops.index(op) if op in ops else None for op in (OpType.CREATE_REPLACEMENT, OpType.DELETE_REPLACED)
    )
    old = next((step.old for step in steps if step.old), None)
    new = next((step.new for step in steps if step.new), None)
    return Change(
        urn=urn,
        kind=next(kind for kind in ORDER if kind in kinds),
        paths=tuple(sorted({path for step in steps for path in (step.detailed_diff or step.diffs or ())})),
        delete_first=create is not None and delete is not None and delete < create,
        protected=bool(old and old.protect),
        retained=bool(old and old.retain_on_delete),
        old=(old and old.inputs) or {},
        new=(new and new.inputs) or {},
    )
