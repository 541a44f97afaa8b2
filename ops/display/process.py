"""A command that is waited for whatever happens, and what it writes, as it does."""

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
def attended(
    command: Sequence[str],
    env: Mapping[str, str],
    stdout: IO[bytes] | None = None,
    stderr: IO[bytes] | None = None,
    on_signal: Callable[[int], object] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` to its end, also when this process is told to end: then the CLI ends what it is at, and unlocks.

    Ctrl-C reaches the CLI by itself (it is in the same process group); `kill` is passed on.

    Args:
        command: the program and its arguments.
        env: its environment.
        stdout: where its output goes; None for the same as ours.
        stderr: where its error output goes; None for the same as ours.
        on_signal: is called with the number of each signal by which this process is told to end.
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
    """The lines that another process appends to a file.

    Args:
        file: open for reading; its position, which the other process shares, stays as it is.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._offset, self._partial = file, 0, b""

    def lines(self, *, is_complete: bool = False) -> Iterator[str]:
        """The lines since the last call, without their ends.

        Args:
            is_complete: whether nothing more will come, so that a last line without an end is one as well.
        """
        while data := os.pread(self._file.fileno(), READ_BYTES, self._offset):
            self._offset += len(data)
            *whole, self._partial = (self._partial + data).split(b"\n")
            yield from (line.decode(errors="replace") for line in whole)
        if is_complete and self._partial:
            yield self._partial.decode(errors="replace")
            self._partial = b""
