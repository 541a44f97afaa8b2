"""Requests while pods come and go: how many fail, and how long they take, with a graceful end and without."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.cluster import stacks
from benchmarks.cluster.stacks import BenchStack
from benchmarks.lab import Lab
from benchmarks.table import Table
from tests.support.e2e.cluster import Cluster
from tests.support.e2e.load import Load, Report
from tests.support.e2e.stack import eventually

PROBE = {"intervalSeconds": 5, "timeoutSeconds": 5, "startPeriodSeconds": 30}
GRACEFUL = {"preStopSeconds": 5, "drainSeconds": 30, "graceSeconds": 40}
"""The defaults, said here because the table names them."""

CALM_SECONDS = 15.0
ENOUGH = 60_000
"""Requests after which a case ends with the change that is under way."""

LIMIT_SECONDS = 75.0
"""Time after which it ends likewise."""

CHANGES = 2
"""Changes with the graceless end; they show what it is for."""


@dataclass(frozen=True)
class Case:
    """What one load met."""

    name: str
    report: Report

    def row(self, calm: Report) -> list[str]:
        """Its row in the table."""
        p50, p99 = _percentiles(self.report)
        calm50, calm99 = _percentiles(calm)
        why = ", ".join(f"{count} {reason}" for reason, count in self.report.failures.most_common())
        return [
            self.name,
            f"{self.report.requests:,}",
            f"**{self.report.failed}**" + (f" ({why})" if why else ""),
            str(self.report.reopened),
            f"{p50 * 1000:.1f} ms ({p50 / calm50:.2f})",
            f"{p99 * 1000:.1f} ms ({p99 / calm99:.2f})",
        ]


def measure(lab: Lab) -> list[Table]:
    """The defaults, then no preStop pause; ten clients on loopback that keep their connections open."""
    cluster = stacks.cluster()
    kubernetes = {"serviceType": "NodePort"}
    stack = stacks.make(lab, "requests", kubernetes=kubernetes, probe=PROBE, shutdown=dict(GRACEFUL))
    stack.up().ok()
    stack.ready(cluster, 2)
    with Load(stack.url, seconds=CALM_SECONDS + 1) as load:
        time.sleep(CALM_SECONDS)
    calm = load.report
    changes: dict[str, Callable[[], None]] = {
        "update": _Updates(stack, cluster),
        "pod deleted": _Deletions(stack, cluster),
    }
    cases = [Case("nothing changes", calm)]
    cases += [_case(stack, what, "`preStopSeconds: 5`", change) for what, change in changes.items()]
    stack.write(shutdown={"preStopSeconds": 0})
    stack.up().ok()
    stack.ready(cluster, 2)
    cases += [_case(stack, what, "`preStopSeconds: 0`", change, most=CHANGES) for what, change in changes.items()]
    heading = ["", "requests", "failed", "repeated", "p50 (ratio to calm)", "p99 (ratio to calm)"]
    samples = {one.name: [one.report.requests, one.report.failed, one.report.reopened] for one in cases}
    return [Table("On Kubernetes: requests while pods come and go", heading, [one.row(calm) for one in cases], samples)]


class _Updates:
    """Each call replaces both pods, and ends when the old ones are gone."""

    def __init__(self, stack: BenchStack, cluster: Cluster) -> None:
        self._stack, self._cluster, self._jobs = stack, cluster, 10

    def __call__(self) -> None:
        old = {pod.metadata.name for pod in self._stack.ready(self._cluster, 2)}
        self._jobs += 1
        self._stack.write(environment={"maxJobs": self._jobs})
        self._stack.up().ok()
        eventually("the old pods are gone", lambda: old.isdisjoint(_names(self._stack, self._cluster)), 90)


class _Deletions:
    """Each call deletes one pod, and ends when it is gone and another one is ready."""

    def __init__(self, stack: BenchStack, cluster: Cluster) -> None:
        self._stack, self._cluster = stack, cluster

    def __call__(self) -> None:
        victim = self._stack.ready(self._cluster, 2)[0].metadata.name
        self._cluster.core.delete_namespaced_pod(victim, self._stack.namespace)
        eventually("the pod is gone", lambda: victim not in _names(self._stack, self._cluster), 90)
        self._stack.ready(self._cluster, 2)


def _case(stack: BenchStack, what: str, end: str, change: Callable[[], None], most: int = 100) -> Case:
    """A load, and one change after the other meanwhile."""
    began, count = time.monotonic(), 0
    with Load(stack.url) as load:
        while count < most and load.sent < ENOUGH and time.monotonic() - began < LIMIT_SECONDS:
            change()
            count += 1
    return Case(f"{count} times: {what}, {end}", load.report)


def _names(stack: BenchStack, cluster: Cluster) -> set[str]:
    return {pod.metadata.name for pod in cluster.core.list_namespaced_pod(stack.namespace).items}


def _percentiles(report: Report) -> tuple[float, float]:
    cuts = statistics.quantiles(report.seconds, n=100)
    return cuts[49], cuts[98]
