"""A preview of one, ten and fifty services in one program: time, and memory of all its processes together."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.cluster import manifests, stacks
from benchmarks.cluster.contestants import Field, chart, field, kubectl
from benchmarks.cluster.memory import Usage, usage
from benchmarks.lab import Lab
from benchmarks.measure import Times
from benchmarks.table import Table
from tests.support.e2e.cluster import CONTEXT

ROUNDS = {1: 3, 10: 3, 50: 1}
"""How often each number of services is measured; fifty take minutes."""

PROGRAM = Path(__file__).with_name("many.py")
HELM, KUBECTL = "`helm upgrade --install --dry-run=server`", "`kubectl diff`"
OURS, SHARED = "`pulumi preview`", "`pulumi preview`, one provider for all"


def measure(lab: Lab, runs: int) -> list[Table]:
    """Nothing is deployed: every object is new to all of them."""
    return [_table(count, _measured(lab, count, min(runs, rounds))) for count, rounds in ROUNDS.items()]


def _measured(lab: Lab, count: int, rounds: int) -> dict[str, list[Usage]]:
    found = field(lab)
    with _rivals(lab, found, count) as rivals:
        cases = {**rivals, OURS: _pulumi(lab, count), SHARED: _pulumi(lab, count, BENCH_ONE_PROVIDER="1")}
        taken: dict[str, list[Usage]] = {name: [] for name in cases}
        for _ in range(rounds):
            for name, case in cases.items():
                taken[name].append(case())
    return taken


def _pulumi(lab: Lab, count: int, **more: str) -> Callable[[], Usage]:
    stack = stacks.make(lab, f"many{count}", program=PROGRAM)
    stack.env = {"BENCH_SERVICES": str(count), **more}
    argv = stack.command("preview", "--stack", stack.name)
    return lambda: usage(argv, stack.folder, stack.environment())


@contextmanager
def _rivals(lab: Lab, found: Field, count: int) -> Iterator[Mapping[str, Callable[[], Usage]]]:
    """helm and kubectl with the same objects `count` times. The API server wants the namespaces to be there."""
    # The count is in the names: those of the last size may still be on their way out.
    names = [f"{found.stack.name.replace('pulumi', f'many{count}')}-{number}" for number in range(count)]
    folder = lab.folder / f"many-{count}"
    folder.mkdir()
    text = manifests.text([one for name in names for one in manifests.in_namespace(found.made, found.stack, name)])
    (folder / "all.yaml").write_text(text)
    chart(folder / "chart", text)
    diff = ["kubectl", "--context", CONTEXT, "diff", "--filename", str(folder / "all.yaml")]
    where = ["--kube-context", CONTEXT, "--namespace", "default"]
    # The namespaces are there for kubectl's sake, and are not the release's.
    dry = [
        "helm",
        "upgrade",
        "--install",
        names[0],
        str(folder / "chart"),
        "--dry-run=server",
        "--take-ownership",
        *where,
    ]
    try:
        for name in names:
            kubectl("create", "namespace", name)
        yield {
            HELM: lambda: usage(dry, folder, os.environ),
            KUBECTL: lambda: usage(diff, folder, os.environ, good=(0, 1)),
        }
    finally:
        kubectl("delete", "namespace", "--ignore-not-found", "--wait=false", *names)


def _table(count: int, taken: Mapping[str, list[Usage]]) -> Table:
    times = {name: Times([one.seconds for one in found]) for name, found in taken.items()}
    rows = [
        [
            name,
            f"{times[name].median / times[HELM].median:.2f}",
            str(times[name]),
            f"{statistics.median(one.peak for one in found) / 2**20:.0f} MiB",
            str(max(one.processes for one in found)),
        ]
        for name, found in taken.items()
    ]
    title = f"On Kubernetes, a preview of {count} new service{'s' if count > 1 else ''}"
    heading = ["", f"ratio to {HELM}", "median (min to max)", "peak memory", "processes"]
    peaks = {f"{name}, memory": [float(one.peak) for one in found] for name, found in taken.items()}
    return Table(title, heading, rows, {**{name: one.seconds for name, one in times.items()}, **peaks})
