"""Time of a command, and the memory of all its processes together."""

from __future__ import annotations

import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAUSE_SECONDS = 0.2
LIMIT_SECONDS = 900.0


@dataclass(frozen=True)
class Usage:
    """What a command took.

    Attributes:
        seconds: its time.
        peak: most memory of the command and all its children at one moment, in bytes; shared pages counted once.
        processes: most processes at one moment.
    """

    seconds: float
    peak: int
    processes: int


def usage(
    argv: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, good: Sequence[int] = (0,)
) -> Usage:
    """Run a command, and look at its processes all the while.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    log = folder / "usage.log"
    began = time.perf_counter()
    peak = most = 0
    with log.open("w") as output:
        process = subprocess.Popen(argv, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            if time.perf_counter() - began > LIMIT_SECONDS:
                process.kill()
            found = _tree(process.pid)
            peak, most = max(peak, sum(map(_bytes, found))), max(most, len(found))
            try:
                process.wait(PAUSE_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    seconds = time.perf_counter() - began
    if process.returncode not in good:
        raise RuntimeError(f"{' '.join(argv[:3])}: {log.read_text()[-2000:]}")
    return Usage(seconds, peak, most)


def _tree(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        children[parent].append(int(stat.parent.name))
    found = [root]
    for one in found:
        found += children[one]
    return found


def _bytes(process: int) -> int:
    """Its proportional set size: a page that several processes share is divided among them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
