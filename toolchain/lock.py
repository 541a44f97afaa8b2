"""One toolchain at a time changes a cache; another waits, and says for whom."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.2
REPEAT_SECONDS = 20.0


@contextmanager
def exclusive(path: Path, purpose: str, say: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """Hold the lock at `path` for the block.

    The kernel releases the lock when the process ends, however it ends: there is no stale lock to clean up.

    Args:
        path: the lock file; created if missing.
        purpose: of this process; shown to processes that wait.
        say: prints a line while this process waits.

    Yields:
        A function that records the current step, for processes that wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        _wait_for(file, say)

        def announce(doing: str) -> None:
            _write(file, {"pid": os.getpid(), "purpose": purpose, "since": time.time(), "doing": doing})

        announce("starting")
        try:
            yield announce
        finally:
            _write(file, {})


def _wait_for(file: IO[str], say: Callable[[str], None]) -> None:
    last_text = ""
    next_repeat = 0.0
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pass
        text = f"waiting for {_holder(file)}"
        if text != last_text or time.monotonic() > next_repeat:
            say(text)
            last_text, next_repeat = text, time.monotonic() + REPEAT_SECONDS
        time.sleep(POLL_SECONDS)


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        held = json.load(file)
        return f"process {held['pid']} ({held['purpose']}), which is at: {held['doing']}"
    except (ValueError, KeyError):
        return "another toolchain process"


def _write(file: IO[str], content: dict[str, object]) -> None:
    file.seek(0)
    file.truncate()
    json.dump(content, file)
    file.flush()
