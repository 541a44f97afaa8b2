"""`python -m benchmarks`: measure side by side, print the tables, keep every measurement in .build/bench.json."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from benchmarks import builds, no_change, saves, sizes, starts
from benchmarks.builder import Unavailable
from benchmarks.cluster import deploys, growth, previews, requests, time_spent
from benchmarks.edge import cost, switches
from benchmarks.facts import facts
from benchmarks.lab import Lab
from benchmarks.page import PAGE, record, renewed, report, with_earlier
from benchmarks.table import Table


def main() -> int:
    """Run the chosen parts and return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="rounds of each comparison (5); saves and starts: twice")
    parser.add_argument("--only", action="append", choices=list(parts(0, "")), help="may be repeated; all if left out")
    parser.add_argument(
        "--write", action="store_true", help=f"renew the tables in {PAGE}; those of other parts are kept"
    )
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the bench cleans up after itself however it ends
    if not all(map(shutil.which, ("docker-compose", "helm"))):
        subprocess.run([sys.executable, "-m", "toolchain", "ensure", "--group", "bench"], check=True)
    tables: list[Table] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mimir-bench-") as folder, Lab(Path(folder)) as lab:
        for name, part in parts(chosen.runs, os.environ.get("BENCH_SOURCE", "")).items():
            if chosen.only and name not in chosen.only:
                continue
            print(f"measuring: {name} ...", file=sys.stderr, flush=True)
            try:
                tables += part(lab)
            except Unavailable as reason:
                print(f"left out: {name}: {reason}", file=sys.stderr)
            except Exception:  # the other parts are worth having
                traceback.print_exc()
                failed.append(name)
    print(report(tables, facts()))
    record(with_earlier(tables), facts())
    if chosen.write and not failed:
        PAGE.write_text(renewed(PAGE.read_text(), report(with_earlier([]), facts())))
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def parts(runs: int, source: str) -> dict[str, Callable[[Lab], list[Table]]]:
    """The parts of the bench, by name. The longest comes first: what the others deploy would only disturb it."""
    return {
        "build": lambda lab: builds.measure(lab, runs),
        "no-change": lambda lab: no_change.measure(lab, runs),
        "start": lambda lab: starts.measure(lab, runs),
        "size": lambda lab: sizes.measure(lab, source),
        "save": lambda lab: saves.measure(lab, runs),
        "edge": lambda lab: cost.measure(lab, runs),
        "edge-switch": lambda lab: switches.measure(lab),
        "cluster-deploy": lambda lab: deploys.measure(lab, runs),
        "cluster-preview": lambda lab: previews.measure(lab, runs),
        "cluster-phases": lambda lab: time_spent.measure(lab, runs),
        "cluster-growth": lambda lab: growth.measure(lab, runs),
        "cluster-requests": lambda lab: requests.measure(lab),
    }


if __name__ == "__main__":
    sys.exit(main())
