"""Where the time of a `pulumi up` goes, from the CLI's own trace (OpenTelemetry, one JSON object a line)."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Times, shown
from benchmarks.table import Table
from tests.support.e2e.stack import Stack

NANOSECONDS = 1e9
REGISTER = "pulumirpc.ResourceMonitor/Register"
PROVIDER = "pulumirpc.ResourceProvider/"
PLUGINS = "pulumirpc.LanguageRuntime/GetRequiredPlugins"
RUN = "pulumirpc.LanguageRuntime/Run"
SHUTDOWN = "pulumirpc.ResourceMonitor/SignalAndWaitForShutdown"

LAST = "what follows the last resource"
"""The phase that a subject names in its own words."""

PHASES = (
    ("the CLI and the Python language host start", "Pulumi"),
    ("the host asks which plugins the program needs", "Pulumi"),
    ("Python starts, imports, and checks before the first resource", "Pulumi's SDKs; ours"),
    ("two plugins start, check and compare every resource", "Pulumi's plugins"),
    (LAST, "ours"),
    ("Python ends", "Python: what was imported is torn down"),
    ("state is written, plugins end", "Pulumi"),
)


@dataclass(frozen=True)
class Subject:
    """A stack whose update is taken apart.

    Attributes:
        name: what a reader calls it.
        stack: deployed, and unchanged since.
        modules: what its program imports before the first resource.
        last: what its program does after the last resource.
    """

    name: str
    stack: Stack
    modules: str
    last: str


@dataclass(frozen=True)
class Span:
    """A stretch of the trace, in seconds."""

    name: str
    start: float
    end: float


def spans(trace: Path) -> Iterator[Span]:
    """Every span of a trace."""
    for line in trace.read_text().splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for one in scope["spans"]:
                    times = (int(one[key]) / NANOSECONDS for key in ("startTimeUnixNano", "endTimeUnixNano"))
                    yield Span(one["name"], *times)


def durations(trace: Path) -> list[float]:
    """How long each of PHASES took."""
    found = list(spans(trace))
    whole = next(span for span in found if span.name == "pulumi")
    plugins = next(span for span in found if span.name == PLUGINS)
    run = next(span for span in found if span.name == RUN)
    first = min(span.start for span in found if span.name.startswith(REGISTER))
    shutdown = min(span.start for span in found if span.name == SHUTDOWN)
    compared = [span.end for span in found if span.name.startswith(PROVIDER) and span.end < shutdown]
    marks = [whole.start, plugins.start, run.start, first, max(compared, default=first), shutdown, run.end, whole.end]
    return [later - earlier for earlier, later in itertools.pairwise(marks)]


def breakdown(title: str, subject: Subject, empty: Stack, folder: Path, runs: int) -> Table:
    """The phases of a no-change `up`, of the subject and of an empty program, in turn."""
    stacks = {subject.name: subject.stack, "an empty program": empty}
    modules = {"`import pulumi`": "pulumi", "all that the program imports": subject.modules}
    measured: dict[str, list[list[float]]] = {name: [] for name in stacks}
    imports: dict[str, list[float]] = {name: [] for name in modules}
    for number in range(runs):
        for name, stack in stacks.items():
            trace = folder / f"trace-{stack.name}-{number}.json"
            stack.up("--otel-traces", f"file://{trace}").ok()
            measured[name].append(durations(trace))
        for name, imported in modules.items():
            imports[name].append(_import_seconds(subject.stack.folder, imported))
    rows: list[list[str]] = []
    samples: dict[str, list[float]] = {}
    for index, (phase, whose) in enumerate(PHASES):
        columns = {name: [run[index] for run in measured[name]] for name in measured}
        rows.append([subject.last if phase == LAST else phase, whose, *(str(Times(one)) for one in columns.values())])
        samples |= {f"{phase}: {name}": column for name, column in columns.items()}
        if index == 2:
            rows += [[f"of that, {name}", "", shown(Times(times).median), ""] for name, times in imports.items()]
    return Table(title, ["phase", "whose", *stacks], rows, {**samples, **imports})


def _import_seconds(folder: Path, modules: str) -> float:
    """How long a fresh Python takes to import `modules`, its own start left out."""
    program = f"import time; began = time.perf_counter(); import {modules}; print(time.perf_counter() - began)"
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True)
    return float(done.stdout)
