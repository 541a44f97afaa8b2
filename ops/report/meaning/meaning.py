"""What changes mean to those who use the service: interruptions, restarts, volumes, and what would be lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ops.report.change import Change
from ops.report.meaning import on_docker, on_kubernetes
from ops.report.meaning.effects import Effects

Judge = Callable[[Change, Effects], None]

JUDGES: Mapping[str, Judge] = {**on_docker.JUDGES, **on_kubernetes.JUDGES}
"""By resource type. Other types have no effect of their own; they are only listed."""


@dataclass(frozen=True)
class Meaning:
    """What a set of changes adds up to.

    Attributes:
        interruptions: when the service does not answer, and why; empty without downtime.
        restarts: which containers or pods are replaced, and why.
        remarks: other effects, such as a reload.
        volumes: what happens to data.
        destructive: changes that delete data, a namespace or a protected resource.
    """

    interruptions: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    destructive: tuple[Change, ...] = ()


def assess(changes: Iterable[Change]) -> Meaning:
    """The meaning of `changes`."""
    all_changes: Sequence[Change] = list(changes)
    effects = Effects(all_changes)
    for change in all_changes:
        if judge := JUDGES.get(change.type):
            judge(change, effects)
        if change.protected and change.removes and change not in effects.destructive:
            effects.destructive.append(change)
    return Meaning(
        interruptions=tuple(dict.fromkeys(effects.interruptions)),
        restarts=tuple(dict.fromkeys(effects.restarts)),
        remarks=tuple(dict.fromkeys(effects.remarks)),
        volumes=tuple(effects.volumes),
        destructive=tuple(effects.destructive),
    )
