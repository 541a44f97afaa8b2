"""The stacks of the chaos suite, and its table: what was done, what clients saw of it, what healed it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import cluster, engine, new_cluster_stack, new_stack, shared_volumes
from tests.support.chaos.case import Case, Row, clients
from tests.support.e2e.stack import Stack

__all__ = ["cluster", "engine", "new_cluster_stack", "new_stack", "shared_volumes"]

PROPERTY = "chaos"
RECORD = Path(".build/chaos.json")
HEADING = ("platform", "case", "requests", "failed", "longest time without an answer", "converged by")

NewCase = Callable[..., AbstractContextManager[Case]]


@pytest.fixture
def new_case(record_property: Callable[[str, object], None]) -> NewCase:
    """Starts cases, and keeps a row for the table of each."""

    @contextmanager
    def start(platform: str, name: str, stack: Stack, url: str, most_failed: int | None = 0) -> Iterator[Case]:
        """`most_failed` is how many requests may fail; None where the platform cannot do without an interruption."""
        with clients(stack, url) as case:
            yield case
        report = case.report
        row = Row(platform, name, report.requests, report.failed, report.outage_seconds, case.converged_by)
        record_property(PROPERTY, json.dumps(row.data()))
        assert most_failed is None or report.failed <= most_failed, f"{name}: {report}"

    return start


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table, and keep it."""
    everything = [report for reports in terminalreporter.stats.values() for report in reports]
    reports = [report for report in everything if getattr(report, "when", None) == "call"]
    properties = [pair for report in reports for pair in getattr(report, "user_properties", ())]
    rows = [Row(**json.loads(value)) for name, value in properties if name == PROPERTY]
    if not rows:
        return
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps([row.data() for row in rows], indent=1))
    terminalreporter.section("chaos")
    for line in table(rows):
        terminalreporter.write_line(line)


def table(rows: list[Row]) -> list[str]:
    """The lines of the table, as Markdown."""
    cells = [
        (row.platform, row.case, str(row.requests), str(row.failed), f"{row.outage_seconds:.1f} s", row.converged_by)
        for row in rows
    ]
    return [f"| {' | '.join(line)} |" for line in (HEADING, ["---"] * len(HEADING), *cells)]
