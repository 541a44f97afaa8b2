"""Development mode: from saving a file to the new answer."""

from __future__ import annotations

import time
from functools import partial

from benchmarks.lab import Lab, edit
from benchmarks.measure import Times, clock
from benchmarks.table import Table
from tests.support.e2e import http
from tests.support.e2e.stack import Stack

LIMIT_SECONDS = 60.0
POLL_SECONDS = 0.01


def measure(lab: Lab, runs: int) -> list[Table]:
    """`2 * runs` saves, after one that fills the caches."""
    stack = lab.stack("live", liveReload=True)
    stack.up().ok()
    url = stack.outputs()["url"]
    _save_and_wait(stack, url, "warm")
    times = Times([clock(partial(_save_and_wait, stack, url, f"save {one}")) for one in range(2 * runs)])
    row = ["a saved file answers", str(times)]
    return [Table("Development mode", ["", "median (min to max)"], [row], {"save": times.seconds})]


def _save_and_wait(stack: Stack, url: str, text: str) -> None:
    edit(stack.folder / "sample/answer.go", text)
    deadline = time.monotonic() + LIMIT_SECONDS
    while _answer(url) != text:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the save of {text!r} was not answered in {LIMIT_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


def _answer(url: str) -> str:
    """What the service answers; nothing while it restarts."""
    try:
        return str(http.get(url, "/api/v1/answer").json()["answer"])
    except OSError:
        return ""
