"""What changes mean to those who use the service: interruptions, restarts, volumes, and what would be lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ops.report.change import Change
from ops.report.meaning import on_docker, on_kubernetes
from ops.report.meaning.effects import Effects

Judge = Callable[[Change, Effects], None]

JUDGES: Mapping[str, Judge] = {**on_docker.JUDGES, **on_kubernetes.JUDGES}
"""By the type of a resource; other types have no meaning of their own, and are listed only."""


@dataclass(frozen=True)
class Meaning:
    """What a set of changes adds up to.

    Attributes:
        interruptions: when nobody answers, and why; empty when somebody always does.
        restarts: which containers or pods are replaced, and because of what.
        remarks: what else a reviewer wants to know of them, such as a reload.
        volumes: what happens to data.
        destructive: changes after which data, a namespace or something protected is gone.
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
