"""The report, and its place in docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.table import Table

PAGE = Path("docs/performance.md")
RECORD = Path(".build/bench.json")
BEGIN = "<!-- written by `python -m benchmarks --write` -->"
END = "<!-- end -->"


def report(tables: Sequence[Table], facts: Mapping[str, str]) -> str:
    """Everything as Markdown."""
    machine = "; ".join(f"{name} {value}" for name, value in facts.items())
    return "\n\n".join([f"Measured on: {machine}.", *(table.markdown() for table in tables)])


def with_earlier(tables: Sequence[Table]) -> list[Table]:
    """`tables` in their places among those of RECORD: a run of a part renews that part."""
    earlier = json.loads(RECORD.read_text())["tables"] if RECORD.exists() else []
    titles = {table.title: table for table in [*(Table(**one) for one in earlier), *tables]}
    return list(titles.values())


def record(tables: Sequence[Table], facts: Mapping[str, str]) -> None:
    """Keep every single measurement in RECORD."""
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps({"machine": dict(facts), "tables": [table.data() for table in tables]}, indent=1))


def renewed(page: str, report: str) -> str:
    """`page` with what is between the markers replaced.

    Raises:
        ValueError: when the markers are not there.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE} has no part between {BEGIN} and {END}")
    return f"{head}{begin}\n\n{report}\n\n{end}{tail}"
