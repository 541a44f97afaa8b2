"""Daemons: started once, recognised later, stopped only if they still are what was started."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from toolchain import command
from toolchain.command import quote
from toolchain.problem import ENSURE, Problem

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Record:
    """What identifies a process for ever: its number alone is used again, sooner or later."""

    pid: int
    started: int
    """Clock ticks between the machine's start and the process's."""
    boot: str
    """The kernel's name for this run of the machine."""
    argv: list[str]


@dataclass(frozen=True)
class Daemon:
    """A background program with a folder for its record and log."""

    name: str
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.name}.process.json"

    def running(self) -> Record | None:
        """The recorded process if it is still there and still that program."""
        try:
            record = Record(**json.loads(self._file.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return record if identity(record.pid) == record else None

    def start(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start the program in its own session, and record it.

        Args:
            argv: the command line.
            environment: all variables of the process.

        Raises:
            Problem: it cannot be started, or ends at once.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("wb") as output:
            child = command.start(argv, output, cwd=self.folder, environment=environment, fix=ENSURE)
        while (record := identity(child.pid)) and not record.argv:
            time.sleep(0.01)  # The kernel is about to give the new program its arguments.
        if record is None:
            raise Problem(f"{self.name} ended at once{quote(self.log)}", ENSURE)
        temporary = self._file.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(record)))
        temporary.replace(self._file)

    def wait_until(self, ready: Callable[[], object], limit: float) -> None:
        """Poll `ready` until it returns a true value.

        Args:
            ready: the readiness check.
            limit: timeout in seconds.

        Raises:
            Problem: the program ended, or the timeout expired; includes the last lines of the log.
        """
        deadline = time.monotonic() + limit
        while not ready():
            if self.running() is None:
                raise Problem(f"{self.name} ended while starting{quote(self.log)}", "read the log above")
            if time.monotonic() > deadline:
                raise Problem(f"{self.name} did not answer in {limit:.0f} s{quote(self.log)}", "read the log above")
            time.sleep(POLL_SECONDS)

    def stop(self, limit: float) -> bool:
        """End the recorded process, gently for `limit` seconds; whether there was one to end.

        A record whose process number now belongs to something else is forgotten, and that something left alone.
        """
        record = self.running()
        if record is not None:
            end(record, limit)
        self._file.unlink(missing_ok=True)
        return record is not None


def identity(pid: int) -> Record | None:
    """What identifies the process that has this number now; None for one that has ended."""
    folder = Path("/proc") / str(pid)
    try:
        # The program's name, in parentheses, may itself hold spaces and parentheses.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        argv = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return None
    state, started = fields[0], int(fields[19])
    return None if state in "ZX" else Record(pid, started, boot(), argv)


def boot() -> str:
    """The kernel's name for this run of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def end(record: Record, limit: float) -> None:
    """Send SIGTERM to a process, then SIGKILL if it still runs after `limit` seconds."""
    for number, patience in ((signal.SIGTERM, limit), (signal.SIGKILL, 5.0)):
        if identity(record.pid) == record:
            os.kill(record.pid, number)
        deadline = time.monotonic() + patience
        while _is_there(record) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)


def _is_there(record: Record) -> bool:
    """Whether the process has not quite gone. One that is going has lost its arguments, but not yet its files."""
    current = identity(record.pid)
    return current is not None and (current.started, current.boot) == (record.started, record.boot)
