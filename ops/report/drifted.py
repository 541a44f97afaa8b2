"""What differs between a stack's state and its platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi.automation import OpType, StepEventMetadata

from ops.report.change import Change


def drift_changes(results: Iterable[StepEventMetadata]) -> list[Change]:
    """What is gone, and what is not as the program made it.

    A provider may say of a resource that nothing changed, because it compares what it was told and not what is there
    (pulumi-kubernetes without server-side apply does). So what the program set is compared with what was read.
    """
    found: list[Change] = []
    for one in results:
        if not one.old or not one.old.custom:
            continue
        if one.op is OpType.DELETE or one.new is None:
            found.append(Change(one.urn, "delete", old=one.old.inputs or {}))
            continue
        paths = tuple(sorted({*(one.detailed_diff or ()), *_differing(one)}))
        if one.op is OpType.UPDATE or paths:
            found.append(Change(one.urn, "update", paths, old=one.old.inputs or {}, new=one.new.inputs or {}))
    return found


def _differing(one: StepEventMetadata) -> Iterator[str]:
    """Paths of what the program set and somebody changed."""
    assert one.old and one.new
    yield from _walk(one.old.inputs or {}, one.old.outputs or {}, one.new.outputs or {}, "")


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
