"""Requests while a version changes on a Docker engine: behind the edge, and by plain replacement."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import requests

from benchmarks.cluster.requests import CALM_SECONDS, Case
from benchmarks.lab import Lab, edit
from benchmarks.table import Table
from tests.support.e2e.load import Load
from tests.support.e2e.stack import Stack

ENOUGH = 25_000
"""Requests after which a case ends with the change that is under way."""

LIMIT_SECONDS = 60.0
AFTER_CRASH_SECONDS = 10.0

UNLIMITED = {"requestsPerClient": 10_000_000, "requestsPerKey": 10_000_000}
EDGES: dict[str, dict[str, object]] = {
    "behind the edge": {"rateLimit": UNLIMITED},
    "plain replacement": {"kind": "none"},
}


def measure(lab: Lab) -> list[Table]:
    """Ten clients on loopback, eight of them on one connection, while one change follows the other."""
    cases: list[Case] = []
    rows: list[list[str]] = []
    for where, edge in EDGES.items():
        stack = lab.stack("switch", edge=edge)
        stack.up().ok()
        with Load(stack.outputs()["url"], seconds=CALM_SECONDS + 1) as load:
            time.sleep(CALM_SECONDS)
        calm = Case(f"nothing changes, {where}", load.report)
        changed = [_case(lab, stack, f"{what}, {where}", change) for what, change in _changes(edge).items()]
        rows += [one.row(calm.report) for one in (calm, *changed)]
        cases += [calm, *changed]
    heading = ["", "requests", "failed", "repeated", "p50 (ratio to calm)", "p99 (ratio to calm)"]
    samples = {one.name: [one.report.requests, one.report.failed, one.report.reopened] for one in cases}
    return [Table("On Docker: requests while something changes", heading, rows, samples)]


Change = Callable[[Lab, Stack, int], None]


def _changes(edge: dict[str, object]) -> dict[str, Change]:
    always: dict[str, Change] = {"image": _image, "configuration": _configuration, "process crashed": _crash}
    return always if edge.get("kind") == "none" else {**always, "edge's configuration": _edge}


def _image(_: Lab, stack: Stack, number: int) -> None:
    edit(stack.folder / "sample/answer.go", f"{time.time()} {number}")
    stack.up().ok()


def _configuration(_: Lab, stack: Stack, number: int) -> None:
    stack.write(environment={"logLevel": ("WARN", "ERROR")[number % 2]})
    stack.up().ok()


def _edge(_: Lab, stack: Stack, number: int) -> None:
    stack.write(edge={"corsOrigins": [f"https://app{number}.example.com"]})
    stack.up().ok()


def _crash(lab: Lab, stack: Stack, _: int) -> None:
    """The process ends as after a data race; the engine starts it again, later each time."""
    with contextlib.suppress(requests.ConnectionError):
        requests.post(f"{stack.behind()}/api/v1/protected/crash", json={}, timeout=5)
    time.sleep(AFTER_CRASH_SECONDS)


def _case(lab: Lab, stack: Stack, name: str, change: Change) -> Case:
    began, count = time.monotonic(), 0
    with Load(stack.outputs()["url"]) as load:
        while load.sent < ENOUGH and time.monotonic() - began < LIMIT_SECONDS:
            change(lab, stack, count)
            count += 1
            if change is _crash:
                break
    return Case(f"{count} times: {name}", load.report)
