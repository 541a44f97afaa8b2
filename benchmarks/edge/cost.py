"""What the edge costs: throughput and latency against the application alone, nginx and Caddy."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.edge import debian, rivals, wrk
from benchmarks.edge.wrk import Outcome
from benchmarks.lab import Lab
from benchmarks.measure import shown
from benchmarks.table import Table
from tests.support.edge import sample

CONNECTIONS = (1, 10, 100, 1000)
SECONDS = 3
BASELINE = "the application alone"


def measure(_: Lab, runs: int) -> list[Table]:
    """Every contestant in turn, `runs` times, for each number of connections."""
    tables = []
    with tempfile.TemporaryDirectory(prefix="mimir-bench-edge-") as name:
        folder, program = Path(name), debian.command("wrk", "wrk")
        own = {"GOMAXPROCS": "1", "MIMIR_LOG_LEVEL": "error"}  # one core, like its container
        with sample.running(folder, own) as port, rivals.running(folder, port) as urls:
            for connections in CONNECTIONS:
                tables.append(_table(connections, _rounds(program, urls, connections, runs)))
    return tables


def _rounds(
    program: list[str], urls: Mapping[str, str], connections: int, runs: int
) -> Mapping[str, Sequence[Outcome]]:
    found: dict[str, list[Outcome]] = {name: [] for name in urls}
    for _ in range(runs):
        for name, url in urls.items():
            found[name].append(wrk.run(program, f"{url}/health", connections, SECONDS, {"X-API-Key": rivals.KEY}))
    return found


def _table(connections: int, found: Mapping[str, Sequence[Outcome]]) -> Table:
    base = statistics.median(one.rate for one in found[BASELINE])
    rows = []
    for name, outcomes in found.items():
        rate = statistics.median(one.rate for one in outcomes)
        rows.append(
            [
                name,
                f"{rate / base:.2f}",
                f"{rate:,.0f}",
                shown_short(statistics.median(one.p50 for one in outcomes)),
                shown_short(statistics.median(one.p99 for one in outcomes)),
                str(sum(one.failed for one in outcomes)),
            ]
        )
    plural = "s" if connections > 1 else ""
    return Table(
        f"The edge: {connections} connection{plural}",
        ["", f"requests a second, ratio to {BASELINE}", "requests a second", "p50", "p99", "failed"],
        rows,
        {name: [one.rate for one in outcomes] for name, outcomes in found.items()},
    )


def shown_short(seconds: float) -> str:
    """Microseconds where they matter."""
    return f"{seconds * 1e6:.0f} µs" if seconds < 1e-3 else shown(seconds)
