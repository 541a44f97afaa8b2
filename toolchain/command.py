"""Runs a program so that it can be read about afterwards and never outlives an interrupt."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from toolchain.problem import Problem

LINES_SHOWN = 30
GRACE_SECONDS = 5.0

_running: set[subprocess.Popen[bytes]] = set()
"""What `run_logged` waits for, in whichever thread."""


def start(
    argv: Sequence[str], output: IO[bytes], *, cwd: Path | None, environment: Mapping[str, str] | None, fix: str
) -> subprocess.Popen[bytes]:
    """Start `argv` in its own session, with no input.

    Args:
        argv: the command line.
        output: open file that receives standard output and standard error.
        cwd: working directory; the current one if None.
        environment: all variables of the process; inherited if None.
        fix: what the user can do if it cannot be started.

    Raises:
        Problem: it cannot be started.
    """
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise Problem(f"{argv[0]} cannot be started: {error}", fix) from error


def run_logged(
    argv: Sequence[str],
    log: Path,
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    limit: float | None = None,
    fix: str = "read the log, then run the same command again",
) -> None:
    """Run `argv` and wait for it; its output is appended to `log`.

    The program leads its own process group. If this call ends early (timeout or Ctrl-C), the whole group is ended.

    Args:
        argv: the command line.
        log: file for the command line and its output; created if missing.
        cwd: working directory; the current one if None.
        environment: all variables of the process; inherited if None.
        limit: timeout in seconds; none if None.
        fix: what the user can do if it fails.

    Raises:
        Problem: it cannot be started, fails, or times out; includes the last lines of the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"$ {' '.join(argv)}\n".encode())
        output.flush()
        child = start(argv, output, cwd=cwd, environment=environment, fix=fix)
        _running.add(child)
        try:
            status = child.wait(limit)
        except subprocess.TimeoutExpired:
            end_group(child)
            raise Problem(f"{argv[0]} did not finish in {limit:.0f} s{quote(log)}", fix) from None
        except BaseException:
            end_group(child)
            raise
        finally:
            _running.discard(child)
    if status != 0:
        raise Problem(f"{' '.join(argv[:3])} failed with status {status}{quote(log)}", fix)


def end_running() -> None:
    """End every process that `run_logged` waits for in another thread; those calls then fail."""
    for child in list(_running):
        end_group(child)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End a child that leads its own process group: SIGTERM first, then SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(GRACE_SECONDS)
            return
        except ProcessLookupError:
            child.wait()
            return
        except subprocess.TimeoutExpired:
            continue


def quote(log: Path) -> str:
    """The end of a log and where the rest of it is, to be appended to a message."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-LINES_SHOWN:]
    except OSError:
        return ""
    return "\n" + "\n".join(f"  | {line}" for line in lines) + f"\n  the whole log: {log}"


def output_of(argv: Sequence[str], limit: float = 20.0, environment: Mapping[str, str] | None = None) -> str:
    """Run a short query and return its standard output, stripped.

    Args:
        argv: the command line.
        limit: timeout in seconds.
        environment: all variables of the process; inherited if None.

    Returns:
        The output; an empty string if the program is missing, fails, or times out.
    """
    try:
        answer = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=limit,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
