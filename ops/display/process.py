"""Runs a command to its end, and reads its output while it runs."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import IO

READ_BYTES = 1 << 20


@contextmanager
def supervised(
    command: Sequence[str],
    env: Mapping[str, str],
    stdout: IO[bytes] | None = None,
    stderr: IO[bytes] | None = None,
    on_signal: Callable[[int], object] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` to its end, also if this process is terminated: the CLI then completes its step and unlocks.

    Ctrl-C reaches the CLI directly (it is in the same process group); SIGTERM is forwarded.

    Args:
        command: the program and its arguments.
        env: its environment.
        stdout: file for its standard output; None to inherit ours.
        stderr: file for its standard error; None to inherit ours.
        on_signal: called with the number of each SIGINT or SIGTERM that this process receives.
    """
    running: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        if on_signal:
            on_signal(number)
        if number == signal.SIGTERM:
            for process in running:
                process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        process = subprocess.Popen(command, env=env, stdout=stdout, stderr=stderr)
        running.append(process)
        try:
            yield process
        finally:
            process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Tail:
    """Reads the lines that another process appends to a file.

    Args:
        file: file, open for reading; its position is not changed, because the other process shares it.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._offset, self._partial = file, 0, b""

    def lines(self, *, is_complete: bool = False) -> Iterator[str]:
        """Yield the lines since the last call, without line ends.

        Args:
            is_complete: whether the file is complete, so that a last line without a line end counts.
        """
        while data := os.pread(self._file.fileno(), READ_BYTES, self._offset):
            self._offset += len(data)
            *complete, self._partial = (self._partial + data).split(b"\n")
            yield from (line.decode(errors="replace") for line in complete)
        if is_complete and self._partial:
            yield self._partial.decode(errors="replace")
            self._partial = b""
