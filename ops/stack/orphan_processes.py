"""Ends what a killed Pulumi CLI leaves running: providers and language hosts that wait for an engine that is gone.

Every process of a run inherits a variable that names the checkout and the command of `ops` that started it. What bears
the variable is a leftover when that command and its CLI have ended. Nothing else is touched. Without /proc (macOS),
nothing is found.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from toolchain.services.process import Record, end, identity

VARIABLE = "MIMIR_CLI_RUN"
PATIENCE_SECONDS = 2.0
"""From SIGTERM to SIGKILL."""

CLI = "pulumi"
PROCESSES = Path("/proc")


def mark() -> dict[str, str]:
    """The variable for every process that this command starts."""
    own = identity(os.getpid())
    return {VARIABLE: _mark(own)} if own else {}


def end_those_of_killed_commands() -> list[str]:
    """End the leftovers of commands that have ended in this checkout; the names of the programs.

    A CLI that has outlived its command still updates the stack, and keeps what it has started.
    """
    runs: dict[str, list[Record]] = defaultdict(list)
    for value, process in _marked():
        if value.startswith(f"{Path.cwd()}|") and not _is_alive(value):
            runs[value].append(process)
    return [name for processes in runs.values() if not any(map(_is_cli, processes)) for name in _end(processes)]


def end_own() -> list[str]:
    """End what the CLI of this command has left, now that it has ended; the names of the programs."""
    own = mark().get(VARIABLE)
    return _end([process for value, process in _marked() if value == own]) if own else []


def _mark(command: Record) -> str:
    return f"{Path.cwd()}|{command.pid}|{command.started}|{command.boot}"


def _is_alive(value: str) -> bool:
    """Whether the command that a mark names still runs; its number alone is used again, sooner or later."""
    try:
        command = identity(int(value.split("|")[-3]))
    except (ValueError, IndexError):
        return True  # no mark of ours
    return command is not None and _mark(command) == value


def _marked() -> list[tuple[str, Record]]:
    """Every process of this user that bears a mark, except this one."""
    marked = []
    prefix = f"{VARIABLE}=".encode()
    for folder in PROCESSES.glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # another user's, or just gone
        value = next(
            (text[len(prefix) :].decode(errors="replace") for text in variables if text.startswith(prefix)), None
        )
        if value and int(folder.name) != os.getpid() and (process := identity(int(folder.name))):
            marked.append((value, process))
    return marked


def _is_cli(process: Record) -> bool:
    return bool(process.argv) and Path(process.argv[0]).name == CLI


def _end(processes: list[Record]) -> list[str]:
    for process in processes:
        end(process, PATIENCE_SECONDS)
    return sorted(Path(process.argv[0]).name for process in processes if process.argv)
