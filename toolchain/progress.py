"""Tells a waiting user what is going on and for how long already."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

TERMINAL_INTERVAL = 1.0
"""Seconds between two updates of the line on a terminal."""

LOG_INTERVAL = 20.0
"""Seconds between two lines where there is no terminal."""


LONG_SECONDS = 5.0
"""A step that takes longer leaves a line that says how long: a first run is long, and shows what it spends."""


class Progress:
    """Numbered steps with a clock. `on_step` hears of every step; through it the lock tells those who wait."""

    def __init__(self, stream: TextIO | None = None, interval: float | None = None, long: float = LONG_SECONDS) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._interval = interval or (TERMINAL_INTERVAL if self._terminal else LOG_INTERVAL)
        self._long = long
        self._steps: list[str] = []
        self.on_step: Callable[[str], None] = lambda _: None
        self.total = 0
        self.number = 0

    def say(self, text: str) -> None:
        """One line that stays."""
        self._erase()
        print(text, file=self._stream, flush=True)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show `what` and a running clock until the block ends; a quick step leaves no trace, a long one its time.

        A step within a step is shown in its stead.
        """
        self._steps.append(what)
        self.on_step(what)
        done = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(len(self._steps), done), daemon=True)
        ticker.start()
        began = time.monotonic()
        try:
            yield
            if time.monotonic() - began >= self._long:
                self.say(f"{self._place()}{what}: {time.monotonic() - began:.0f} s")
        finally:
            done.set()
            ticker.join()
            self._steps.pop()
            self._erase()

    def _tick(self, depth: int, done: threading.Event) -> None:
        began = time.monotonic()
        while not done.wait(self._interval):
            if len(self._steps) == depth:
                self._show(f"{self._steps[-1]} … {time.monotonic() - began:.0f} s")

    def _show(self, text: str) -> None:
        line = f"{self._place()}{text}"
        if self._terminal:
            print(f"\r\033[K{line}", end="", file=self._stream, flush=True)
        else:
            print(line, file=self._stream, flush=True)

    def _place(self) -> str:
        return f"[{self.number}/{self.total}] " if self.total else ""

    def _erase(self) -> None:
        if self._terminal:
            print("\r\033[K", end="", file=self._stream, flush=True)
