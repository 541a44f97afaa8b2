"""The same objects in the same cluster: the first deployment, a change, and no change; until every pod is ready."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from benchmarks.cluster.contestants import HELM, Contestant, field
from benchmarks.lab import Lab
from benchmarks.measure import Times, alternate, clock
from benchmarks.table import Table, compare

ROUNDS = 3
"""Of what waits for pods: each takes minutes to set up again."""


def measure(lab: Lab, runs: int) -> list[Table]:
    """First, changed and unchanged, in turn for each of the three."""
    cases = field(lab).cases
    rounds = min(runs, ROUNDS)
    first: dict[str, list[float]] = {name: [] for name in cases}
    changed: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        _remove(cases)
        for name, case in cases.items():
            first[name].append(clock(partial(case.deploy, "first")))
        for name, case in cases.items():
            changed[name].append(clock(partial(case.deploy, "changed")))
    same = alternate({name: partial(case.deploy, "changed") for name, case in cases.items()}, runs)
    return [
        compare("On Kubernetes: the first deployment, until it is ready", _times(first), HELM),
        compare("On Kubernetes: one variable has changed, until every pod has it", _times(changed), HELM),
        compare("On Kubernetes: nothing has changed", same, HELM),
    ]


def _remove(cases: Mapping[str, Contestant]) -> None:
    for case in cases.values():
        case.remove()


def _times(found: Mapping[str, list[float]]) -> dict[str, Times]:
    return {name: Times(seconds) for name, seconds in found.items()}
