"""A port of this machine that leads into a cluster, for as long as somebody needs it."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue

from ops.stack.cli import StackError

START_SECONDS = 30


@contextmanager
def forwarded(command: str) -> Iterator[int]:
    """Run the output `forward`, on a free port instead of the one that it names; the port.

    Raises:
        StackError: with what kubectl says, when it does not listen.
    """
    *words, ports = shlex.split(command)
    process = subprocess.Popen(
        [*words, f":{ports.rpartition(':')[2]}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said: Queue[str] = Queue()
    reader = threading.Thread(target=_read, args=(process, said), daemon=True)  # or the pipe fills up
    reader.start()
    try:
        yield _port(said, command)
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)
        reader.join(timeout=START_SECONDS)


def _read(process: subprocess.Popen[str], said: Queue[str]) -> None:
    assert process.stdout
    for line in process.stdout:
        said.put(line)
    said.put("")


def _port(said: Queue[str], command: str) -> int:
    lines = []
    try:
        while line := said.get(timeout=START_SECONDS):
            if found := re.search(r"Forwarding from 127\.0\.0\.1:(\d+) ", line):
                return int(found[1])
            lines.append(line.strip())
    except Empty:
        pass
    raise StackError(f"{command} does not listen: {' '.join(lines) or 'no word from it'}")
