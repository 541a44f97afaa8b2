"""Drift: differences between a stack's state and its platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi.automation import OpType, StepEventMetadata

from ops.report.change import Change


def drift_changes(results: Iterable[StepEventMetadata]) -> list[Change]:
    """The resources that were deleted or changed outside of Pulumi.

    A provider may report no change because it compares with the last inputs instead of the live object
    (pulumi-kubernetes without server-side apply does). So the program's inputs are compared with the refreshed outputs.
    """
    changes: list[Change] = []
    for step in results:
        if not step.old or not step.old.custom:
            continue
        if step.op is OpType.DELETE or step.new is None:
            changes.append(Change(step.urn, "delete", old=step.old.inputs or {}))
            continue
        paths = tuple(sorted({*(step.detailed_diff or ()), *_differing(step)}))
        if step.op is OpType.UPDATE or paths:
            changes.append(Change(step.urn, "update", paths, old=step.old.inputs or {}, new=step.new.inputs or {}))
    return changes


def _differing(step: StepEventMetadata) -> Iterator[str]:
    """Paths of the properties that the program sets and whose live value differs."""
    assert step.old and step.new
    yield from _walk(step.old.inputs or {}, step.old.outputs or {}, step.new.outputs or {}, "")


def _walk(set_: Any, before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(set_, Mapping) and isinstance(before, Mapping) and isinstance(after, Mapping):
        for key, below in set_.items():
            if not key.startswith("__"):
                yield from _walk(below, before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(set_, list) and isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, below in enumerate(set_[: len(after)]):
            yield from _walk(below, before[index], after[index], f"{path}[{index}]")
    elif before != after and before is not None:
        yield path
