"""The CLI runs to its end, and is shown as it goes, whatever becomes of its reader."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from ops.display import run
from ops.display.process import supervised
from tests.support.fake_cli import called, project
from tests.support.project import PROJECT
from tests.unit.ops.display import recordings

SCRIPT = "import os, sys; from ops.display import run; sys.exit(run.run('up', ['--skip-preview'], 'dev', os.environ))"
LIMIT_SECONDS = 30

CLI = """#!/bin/sh
printf '%s\\n' "$@" > called
env > environment
echo "warning: an old plugin" >&2
test ! -f events || cat events
test ! -p begun || { echo begun > begun; read line < resume; }
test ! -f more || cat more
echo "error: the stack is locked" >&2
test ! -p ended || echo ended > ended
exit ${FAKE_EXIT:-0}
"""
"""Prints what is in `events`, waits for a line in `resume` if there is such a pipe, and prints what is in `more`."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with such a CLI."""
    return project(tmp_path, monkeypatch, CLI, [run.STREAM_PREVIEW])


@dataclass(frozen=True)
class Pipes:
    """Named pipes with which the CLI waits in the middle; open here, so that nobody waits for them to be opened."""

    begun: int
    resume: int
    ended: int

    @staticmethod
    def wait(pipe: int) -> None:
        """Wait until the CLI has written to a pipe."""
        assert select.select([pipe], [], [], LIMIT_SECONDS)[0], "the CLI did not get there"

    def go_on(self) -> None:
        """Let the CLI go on."""
        os.write(self.resume, b"\n")


@pytest.fixture
def pipes(folder: Path) -> Iterator[Pipes]:
    """A CLI that waits in the middle."""
    for name in ("begun", "resume", "ended"):
        os.mkfifo(folder / name)
    with ExitStack() as stack:
        opened = [os.open(folder / name, os.O_RDWR) for name in ("begun", "resume", "ended")]
        for pipe in opened:
            stack.callback(os.close, pipe)
        yield Pipes(*opened)


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts an update in a process of its own, with more environment variables."""
    processes: list[subprocess.Popen[str]] = []

    def begin(**variables: str) -> subprocess.Popen[str]:
        env = {**os.environ, "PYTHONPATH": str(PROJECT), **variables}
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        processes.append(subprocess.Popen([sys.executable, "-c", SCRIPT], env=env, start_new_session=True, **streams))
        return processes[-1]

    yield begin
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # and the CLI, where a test has failed
        process.communicate()


def test_the_cli_prints_events_and_its_exit_code_is_returned(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("events").write_text(recordings.text("failed"))
    monkeypatch.setenv("FAKE_EXIT", "3")
    assert run.run("up", ["--yes", "--skip-preview"], "dev", os.environ) == 3
    assert called() == ["up", "--yes", "--skip-preview", "--stack", "dev", "--json", "--color=never"]
    captured = capsys.readouterr()
    assert captured.out.startswith("Updating (dev):\nwarning: an old plugin\n")
    assert captured.err.splitlines()[-3] == "error: the stack is locked"


def test_a_preview_before_the_update_prints_events_too(capsys: pytest.CaptureFixture[str]) -> None:
    Path("events").write_text(recordings.text("advised"))
    run.run("up", ["--yes"], "dev", os.environ)
    assert f"{run.STREAM_PREVIEW}=true" in Path("environment").read_text().splitlines()
    output = capsys.readouterr().out
    assert output.index("Previewing (dev):") < output.index("Policies:") < output.index("Updating (dev):")


def test_a_terminal_gets_pulumis_own_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("FAKE_EXIT", "3")
    assert run.run("up", ["--yes"], "dev", os.environ) == 3
    assert called() == ["up", "--yes", "--stack", "dev"]
    assert run.STREAM_PREVIEW not in Path("environment").read_text()


def test_a_line_is_shown_while_the_cli_goes_on(pipes: Pipes, start: Start) -> None:
    Path("events").write_text(recordings.text("unchanged"))
    Path("more").write_text("the last line")  # without an end
    process = start()
    assert process.stdout
    limit = Timer(LIMIT_SECONDS, process.kill)
    limit.start()
    assert any(line.startswith("Resources: ") for line in process.stdout)
    limit.cancel()
    pipes.go_on()
    rest, _ = process.communicate(timeout=LIMIT_SECONDS)
    assert rest.startswith("the last line\nOutputs:\n")


def test_an_update_goes_on_when_nobody_reads_any_more(pipes: Pipes, start: Start) -> None:
    """`make up | head`: a CLI that is stopped by it leaves the stack locked."""
    Path("more").write_text(recordings.text("created"))
    process = start()
    pipes.wait(pipes.begun)
    assert process.stdout and process.stderr
    process.stdout.close()
    process.stderr.close()
    pipes.go_on()
    pipes.wait(pipes.ended)
    assert process.wait(LIMIT_SECONDS) == 0


def test_an_update_goes_on_when_its_reader_is_killed(pipes: Pipes, start: Start) -> None:
    Path("more").write_text(recordings.text("created"))
    process = start()
    pipes.wait(pipes.begun)
    process.kill()
    process.communicate(timeout=LIMIT_SECONDS)
    pipes.go_on()
    pipes.wait(pipes.ended)


def test_a_command_is_waited_for_whatever_happens_meanwhile(pipes: Pipes) -> None:
    with pytest.raises(ZeroDivisionError), supervised(["sh", "-c", "read line < resume; touch done"], os.environ):
        pipes.go_on()
        raise ZeroDivisionError
    assert Path("done").exists()


def test_events_lie_on_no_disk(pipes: Pipes, start: Start, folder: Path) -> None:
    """They have secrets in the clear."""
    Path("events").write_text(recordings.text("created"))
    (folder / "tmp").mkdir()
    process = start(TMPDIR=str(folder / "tmp"))
    pipes.wait(pipes.begun)
    assert list((folder / "tmp").iterdir()) == []
    pipes.go_on()
    process.communicate(timeout=LIMIT_SECONDS)


def test_a_character_that_cannot_be_printed_stops_nothing(start: Start) -> None:
    Path("events").write_text(recordings.text("advised"))
    process = start(PYTHONIOENCODING="ascii")
    output, _ = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 0
    assert "? mimir-policy@v1.0.0" in output and "Outputs:" in output
