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


class Progress:
    """Numbered steps with a clock. `on_step` hears of each step's name; the lock tells it to those who wait."""

    def __init__(self, stream: TextIO | None = None, interval: float | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._interval = interval or (TERMINAL_INTERVAL if self._terminal else LOG_INTERVAL)
        self.total = 0
        self.number = 0
        self.on_step: Callable[[str], None] = lambda _: None

    def say(self, text: str) -> None:
        """One line that stays."""
        self._erase()
        print(text, file=self._stream, flush=True)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show `what` and a running clock until the block ends; quick steps leave no trace."""
        self.on_step(what)
        began = time.monotonic()
        done = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(what, began, done), daemon=True)
        ticker.start()
        try:
            yield
        finally:
            done.set()
            ticker.join()
            self._erase()

    def _tick(self, what: str, began: float, done: threading.Event) -> None:
        while not done.wait(self._interval):
            seconds = int(time.monotonic() - began)
            counted = f"[{self.number}/{self.total}] " if self.total else ""
            line = f"{counted}{what} … {seconds} s"
            print(f"\r\033[K{line}" if self._terminal else line, end="" if self._terminal else "\n",
                  file=self._stream, flush=True)

    def _erase(self) -> None:
        if self._terminal:
            print("\r\033[K", end="", file=self._stream, flush=True)
