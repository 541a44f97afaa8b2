"""Durations, measured side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """How long one case took, in seconds, in each run."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """What to compare: one disturbed run does not move it."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        return f"{shown(self.median)} ({shown(min(self.seconds))} to {shown(max(self.seconds))})"


def shown(seconds: float) -> str:
    """`seconds` for a reader: milliseconds where they matter."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"


def clock(action: Callable[[], object]) -> float:
    """How long `action` takes, in seconds."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def alternate(cases: Mapping[str, Callable[[], object]], runs: int) -> dict[str, Times]:
    """Time each case `runs` times in turn (A B C A B C ...), so that a busy moment of the machine hits all of them.

    Each runs once before, untimed: no case pays for cold caches of the file system.
    """
    for action in cases.values():
        action()
    rounds = [{name: clock(action) for name, action in cases.items()} for _ in range(runs)]
    return {name: Times([one[name] for one in rounds]) for name in cases}
