"""From `docker start` to the first 200."""

from __future__ import annotations

import time

from benchmarks.lab import Lab
from benchmarks.measure import Times
from benchmarks.table import Table
from tests.support.e2e import http

LIMIT_SECONDS = 30.0
POLL_SECONDS = 0.002


def measure(lab: Lab, runs: int) -> list[Table]:
    """`2 * runs` starts of the sample's container."""
    outputs = lab.sample.outputs()
    container = lab.engine.containers.get(outputs["container"])
    started, answered = [], []
    for _ in range(2 * runs):
        container.stop(timeout=40)
        began = time.perf_counter()
        container.start()
        started.append(time.perf_counter() - began)
        _wait_for_200(outputs["url"])
        answered.append(time.perf_counter() - began)
    rows = [
        ["until `GET /health` answers 200", str(Times(answered))],
        ["of that, until `docker start` returns", str(Times(started))],
    ]
    samples = {"answered": answered, "started": started}
    return [Table("Start of the container (the plan allows 5 s)", ["", "median (min to max)"], rows, samples)]


def _wait_for_200(url: str) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not _is_up(url):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{url}/health did not answer in {LIMIT_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


def _is_up(url: str) -> bool:
    try:
        return http.get(url, "/health", timeout=1).status_code == 200
    except OSError:
        return False
