"""`make up` that is told to end: the CLI ends what it is at, and its end is written down. And what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ops.audit_log.location import VARIABLE
from ops.audit_log.record import Finished
from ops.state import interrupted
from tests.support import fake_log
from tests.support.fake_cli import project
from tests.support.fake_log import OLD, log, state
from tests.support.project import PROJECT
from toolchain.passphrase import PASSPHRASE_VARIABLES

SLOW = """  "up "*)
    trap 'echo cancelling > cancelled; sleep 0.5; exit 255' TERM
    touch began
    n=0; while [ $n -lt 100 ] && [ ! -e enough ]; do sleep 0.1; n=$((n+1)); done
    exit 0 ;;
"""
"""An update that takes until it is told to end, and then ends what it is at, or until a file says that it is over."""


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> subprocess.Popen[bytes]:
    """`python -m ops up`, in the middle of an update."""
    cli = fake_log.CLI.replace('  "up "*', SLOW + '  "never "*')
    project(tmp_path, monkeypatch, cli, (*PASSPHRASE_VARIABLES, "PULUMI_BACKEND_URL", VARIABLE))
    Path("history.json").write_text("[]")
    state("state.json", OLD)
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen([sys.executable, "-m", "ops", "up"], env=env, stderr=subprocess.DEVNULL)
    for _ in range(300):
        if Path("began").exists():
            return process
        time.sleep(0.1)
    process.kill()
    raise AssertionError("the update did not begin")


def finished() -> Finished:
    """The end of the only deployment."""
    _, end = log().read().entries
    assert isinstance(end, Finished)
    return end


def test_a_kill_is_passed_on_and_waited_for(running: subprocess.Popen[bytes]) -> None:
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=20) == 255
    assert Path("cancelled").exists()
    assert finished().exit_code == 255


def test_ctrl_c_is_left_to_the_cli(running: subprocess.Popen[bytes]) -> None:
    """The terminal sends it to both; Python's own answer is to kill the CLI after a quarter of a second."""
    running.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(timeout=1)
    Path("enough").touch()
    assert running.wait(timeout=20) == 0
    assert finished().result == "succeeded"


@pytest.mark.parametrize(
    ("pending", "settled"),
    [
        ([("creating", "urn:web")], True),
        ([("creating", "urn:web"), ("creating", "urn:web")], True),
        ([("creating", "urn:web"), ("creating", "urn:gone")], False),
        ([("updating", "urn:web")], False),
        ([], False),
    ],
    ids=["made since", "twice", "of something unknown", "of something else", "nothing"],
)
def test_only_notes_about_what_is_there_by_now_are_taken_out(
    monkeypatch: pytest.MonkeyPatch, pending: list[tuple[str, str]], settled: bool
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr("ops.stack.cli.subprocess.run", lambda command, **_: calls.append(command))
    state: dict[str, Any] = {
        "resources": [{"urn": "urn:stack", "type": "pulumi:pulumi:Stack"}, {"urn": "urn:web", "type": "t"}],
        "pending_operations": [{"type": kind, "resource": {"urn": urn}} for kind, urn in pending],
    }
    interrupted.clear_pending_creates("dev", state, "message")
    assert len(calls) == settled
    for command in calls:
        assert command[:2] == ["pulumi", "refresh"]
        assert command[command.index("--target") + 1] == "urn:stack", "no provider is asked"
