"""Forwards a local port into a cluster with kubectl."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue

from ops.stack.stack_error import StackError

START_SECONDS = 30


@contextmanager
def port_forward(command: str) -> Iterator[int]:
    """Run the command in the output `forward`, on a free local port instead of its own; yields the port.

    Raises:
        StackError: kubectl does not listen; the message contains its output.
    """
    *words, ports = shlex.split(command)
    process = subprocess.Popen(
        [*words, f":{ports.rpartition(':')[2]}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    output: Queue[str] = Queue()
    reader = threading.Thread(target=_read, args=(process, output), daemon=True)  # keeps the pipe from filling up
    reader.start()
    try:
        yield _find_port(output, command)
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)
        reader.join(timeout=START_SECONDS)


def _read(process: subprocess.Popen[str], output: Queue[str]) -> None:
    assert process.stdout
    for line in process.stdout:
        output.put(line)
    output.put("")


def _find_port(output: Queue[str], command: str) -> int:
    lines = []
    try:
        while line := output.get(timeout=START_SECONDS):
            if match := re.search(r"Forwarding from 127\.0\.0\.1:(\d+) ", line):
                return int(match[1])
            lines.append(line.strip())
    except Empty:
        pass
    raise StackError(f"{command} does not listen: {' '.join(lines) or 'it printed nothing'}")
