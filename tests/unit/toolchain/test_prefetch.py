"""What is downloaded while something is built: in order, and never in the way."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from toolchain.command import run_logged
from toolchain.prefetch import in_background
from toolchain.problem import Problem


def test_jobs_run_beside_the_block_one_after_the_other() -> None:
    order: list[str] = []
    begun = threading.Event()

    def first() -> None:
        begun.set()
        order.append("first")

    with in_background([first, lambda: order.append("second")]) as jobs:
        assert begun.wait(10)
        jobs[1].result(10)
    assert order == ["first", "second"]


def test_who_waits_for_a_job_gets_its_problem_and_nobody_else_does() -> None:
    def fails() -> None:
        raise Problem("no network", "check it")

    with in_background([fails]):
        pass
    with in_background([fails]) as jobs, pytest.raises(Problem, match="no network"):
        jobs[0].result(10)


def test_an_interrupt_ends_what_is_being_downloaded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), in_background([lambda: run_logged(["sleep", "60"], log)]):
        while not log.exists():
            os.sched_yield()
        raise KeyboardInterrupt
    assert time.monotonic() - begun < 30, "the job was waited for"
