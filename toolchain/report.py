"""The table that says what came from where, and why."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

STAND_IN = "STAND-IN"
"""What the reason of a part begins with that is not the genuine one."""

GAP = "  "
LINE_LENGTH = 100
"""Columns where there is no terminal."""

SHORTEST_REASON = 40


class Source(StrEnum):
    """Where a tool or service came from."""

    INSTALLED = "installed"
    DOWNLOADED = "downloaded"
    BUILT = "built"
    CACHED = "reused from cache"
    PACKAGE = "system package"
    RUNNING = "already running"
    STARTED = "started"
    STOPPED = "stopped"
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
    def is_new(self) -> bool:
        """Whether this run got or started it."""
        return self.source in (Source.DOWNLOADED, Source.BUILT, Source.STARTED)

    @property
    def ok(self) -> bool:
        return not self.fix


def table(rows: Sequence[Row], *, with_verdict: bool = False) -> str:
    """Format rows as a table with a heading. The reasons, in the last column, are wrapped.

    Args:
        rows: one for each tool or service.
        with_verdict: whether to add the column `verdict`, as `doctor` does.
    """
    heading = ["tool", "version", "where from", "why"]
    lines = [[row.name, row.version or "-", str(row.source), row.why] for row in rows]
    if with_verdict:
        heading.append("verdict")
        for line, row in zip(lines, rows, strict=True):
            line.append("ok" if row.ok else "PROBLEM")
        # The verdict is what is looked for first: put it before the reasons, which may be long.
        for line in [heading, *lines]:
            line.insert(3, line.pop())
    columns = range(len(heading) - 1)
    widths = [max(len(line[column]) for line in [heading, *lines]) + len(GAP) for column in columns]
    space = max(shutil.get_terminal_size((LINE_LENGTH, 0)).columns - sum(widths), SHORTEST_REASON)
    reasons = [textwrap.wrap(line[-1], space, break_long_words=False, break_on_hyphens=False) for line in lines]
    longest = max((len(text) for reason in reasons for text in reason), default=0)
    ruled = [heading, ["-" * (width - len(GAP)) for width in widths] + ["-" * max(longest, len(heading[-1]))]]
    for line, reason in zip(lines, reasons, strict=True):
        first, *more = reason or [""]
        ruled += [[*line[:-1], first], *(["" for _ in columns] + [text] for text in more)]
    return "\n".join(
        "".join(cell.ljust(width) for cell, width in zip(line, [*widths, 0], strict=True)).rstrip() for line in ruled
    )
