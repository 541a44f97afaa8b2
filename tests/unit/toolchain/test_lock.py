"""Two toolchains at once: the second waits, and says for what."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.support.project import PROJECT
from toolchain.lock import exclusive

LIMIT_SECONDS = 5.0

HOLDER = """
import sys
from pathlib import Path
from toolchain.lock import exclusive
with exclusive(Path(sys.argv[1]), "ensure for /a/project", print) as announce:
    announce("building Pulumi CLI")
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(lock: Path) -> subprocess.Popen[str]:
    """Another process, which holds the lock until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_waits_and_says_for_whom(tmp_path: Path) -> None:
    lock = tmp_path / "cache" / "lock"
    first = holder(lock)
    said: list[str] = []
    entered = threading.Event()

    def enter() -> None:
        with exclusive(lock, "second", said.append):
            entered.set()

    second = threading.Thread(target=enter, daemon=True)
    second.start()
    deadline = time.monotonic() + LIMIT_SECONDS
    while not said and time.monotonic() < deadline:
        time.sleep(0.01)

    assert said == [f"waiting for process {first.pid} (ensure for /a/project), which is at: building Pulumi CLI"]
    assert not entered.is_set()

    first.communicate("")
    assert entered.wait(LIMIT_SECONDS)
    second.join(LIMIT_SECONDS)


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    first = holder(lock)
    first.kill()
    first.wait()
    said: list[str] = []

    with exclusive(lock, "second", said.append):
        assert said == []
        assert str(os.getpid()) in lock.read_text()
