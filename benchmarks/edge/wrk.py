"""wrk: as many requests as go, on connections that stay open, for a few seconds."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True)
class Outcome:
    """What one run saw.

    Attributes:
        rate: requests in a second.
        p50: median time for an answer, in seconds.
        p99: time in which 99 of 100 answers came, in seconds.
        failed: answers that were not whole, or not 2xx or 3xx.
    """

    rate: float
    p50: float
    p99: float
    failed: int


def run(command: list[str], url: str, connections: int, seconds: int, headers: dict[str, str]) -> Outcome:
    """Load `url` with `connections` for `seconds`."""
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    argv = [*command, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency", *given, url]
    text = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    return read(text)


def read(text: str) -> Outcome:
    """What wrk printed.

    Raises:
        ValueError: when that is not a report.
    """
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not rate:
        raise ValueError(f"wrk said: {text}")
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    failed = (int(bad[1]) if bad else 0) + (sum(map(int, errors.groups())) if errors else 0)
    return Outcome(float(rate[1]), _seconds(text, "50%"), _seconds(text, "99%"), failed)


def _seconds(text: str, share: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s)\b", text)
    return float(found[1]) * UNITS[found[2]] if found else 0.0
