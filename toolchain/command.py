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
    """Start `argv` in a session of its own, without input, with all that it prints in `output`.

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
    """Run `argv` with its output in `log`, for at most `limit` seconds.

    The program leads a process group of its own; whatever ends this call early (Ctrl-C included) ends that group.

    Raises:
        Problem: it cannot be started, fails, or takes too long; carries the log's last lines.
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
    """End everything that `run_logged` still waits for in other threads; there it then fails."""
    for child in list(_running):
        end_group(child)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End a child that leads its own process group, gently first."""
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
    """What a quick question to a program answers on standard output; empty when it cannot answer."""
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
