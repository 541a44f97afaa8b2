"""Ends orphaned processes of a killed Pulumi CLI: providers and language hosts whose engine has ended.

Every process of a run inherits a variable that names the checkout and the command of `ops` that started it. A process
with the variable is orphaned when that command and its CLI have ended. No other process is touched. Without /proc
(macOS), no orphan is found.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from toolchain.services.process import Record, end, identity

VARIABLE = "MIMIR_CLI_RUN"
TERMINATION_SECONDS = 2.0
"""Time between SIGTERM and SIGKILL."""

CLI = "pulumi"
PROCESSES = Path("/proc")


def mark() -> dict[str, str]:
    """The environment variable for every process that this command starts."""
    process = identity(os.getpid())
    return {VARIABLE: _mark(process)} if process else {}


def end_orphans() -> list[str]:
    """End the orphans of commands that have ended in this checkout.

    The processes of a CLI that has outlived its command are kept: it is still updating the stack.

    Returns:
        The names of the ended programs.
    """
    runs: dict[str, list[Record]] = defaultdict(list)
    for value, process in _marked_processes():
        if value.startswith(f"{Path.cwd()}|") and not _is_alive(value):
            runs[value].append(process)
    return [name for processes in runs.values() if not any(map(_is_cli, processes)) for name in _end(processes)]


def end_own_processes() -> list[str]:
    """End the orphans of this command's CLI, which has ended.

    Returns:
        The names of the ended programs.
    """
    own_mark = mark().get(VARIABLE)
    return _end([process for value, process in _marked_processes() if value == own_mark]) if own_mark else []


def _mark(command: Record) -> str:
    return f"{Path.cwd()}|{command.pid}|{command.started}|{command.boot}"


def _is_alive(value: str) -> bool:
    """Whether the command of a mark is still running; its PID alone does not tell, because PIDs are reused."""
    try:
        command = identity(int(value.split("|")[-3]))
    except (ValueError, IndexError):
        return True  # not a mark of this program
    return command is not None and _mark(command) == value


def _marked_processes() -> list[tuple[str, Record]]:
    """Every process of this user with a mark, except this one."""
    processes = []
    prefix = f"{VARIABLE}=".encode()
    for folder in PROCESSES.glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # owned by another user, or has ended
        value = next(
            (text[len(prefix) :].decode(errors="replace") for text in variables if text.startswith(prefix)), None
        )
        if value and int(folder.name) != os.getpid() and (process := identity(int(folder.name))):
            processes.append((value, process))
    return processes


def _is_cli(process: Record) -> bool:
    return bool(process.argv) and Path(process.argv[0]).name == CLI


def _end(processes: list[Record]) -> list[str]:
    for process in processes:
        end(process, TERMINATION_SECONDS)
    return sorted(Path(process.argv[0]).name for process in processes if process.argv)
