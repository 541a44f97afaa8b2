"""Results as Markdown for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.measure import Times


@dataclass(frozen=True)
class Table:
    """One table of the report.

    Attributes:
        title: what it compares.
        heading: names of its columns.
        rows: its cells, for a reader.
        samples: every single measurement, in seconds or bytes.
    """

    title: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def markdown(self) -> str:
        """The table under its title."""
        ruled = [self.heading, ["---"] * len(self.heading), *self.rows]
        return f"### {self.title}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in ruled)

    def data(self) -> dict[str, Any]:
        """The table for `json`."""
        return asdict(self)


def compare(title: str, cases: Mapping[str, Times], baseline: str) -> Table:
    """Ratios to `baseline` first: the machine's speed is in every time, and in no ratio."""
    rows = [
        [name, f"{times.median / cases[baseline].median:.2f}", str(times)]
        for name, times in cases.items()
    ]  # fmt: skip
    samples = {name: times.seconds for name, times in cases.items()}
    return Table(title, ["", f"ratio to {baseline}", "median (min to max)"], rows, samples)
