"""The table that says what came from where, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where a tool or service came from."""

    INSTALLED = "installed"
    DOWNLOADED = "downloaded"
    BUILT = "built"
    CACHED = "reused from cache"
    PACKAGE = "system package"
    RUNNING = "already running"
    STARTED = "started"
    NONE = "missing"


@dataclass(frozen=True)
class Row:
    """One line: a tool or service. A row with a `fix` is a problem."""

    name: str
    version: str
    source: Source
    why: str = ""
    fix: str = ""

    @property
    def ok(self) -> bool:
        return not self.fix


def table(rows: Sequence[Row], *, with_verdict: bool = False) -> str:
    """The rows under a heading, in columns; the verdict column is the doctor's."""
    heading = ["tool", "version", "where from", "why"]
    lines = [[row.name, row.version or "-", str(row.source), row.why] for row in rows]
    if with_verdict:
        heading.append("verdict")
        for line, row in zip(lines, rows, strict=True):
            line.append("ok" if row.ok else "PROBLEM")
        # The verdict is what is looked for first: put it before the reasons, which may be long.
        for line in [heading, *lines]:
            line.insert(3, line.pop())
    widths = [max(len(line[column]) for line in [heading, *lines]) for column in range(len(heading))]
    ruled = [heading, ["-" * width for width in widths], *lines]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in ruled
    )
