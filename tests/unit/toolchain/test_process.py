"""Daemons: recognised later, and nothing else is ever stopped in their stead."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolchain.problem import Problem
from toolchain.services import runtime
from toolchain.services.process import Daemon, identity

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    service = Daemon("demo", tmp_path)
    yield service
    service.stop(0.1)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(SLEEPER) as process:
        yield process
        process.kill()


def test_a_daemon_is_recognised_and_stopped(daemon: Daemon) -> None:
    daemon.start(SLEEPER, os.environ)
    record = daemon.running()
    assert record is not None
    assert Daemon(daemon.name, daemon.folder).running() == record

    assert daemon.stop(5)

    assert identity(record.pid) is None
    assert daemon.running() is None
    assert not daemon.stop(5)


def test_a_daemon_that_does_not_listen_is_ended_with_force(daemon: Daemon) -> None:
    daemon.start(STUBBORN, os.environ)
    daemon.wait_until(lambda: "deaf" in daemon.log.read_text(), 5)
    record = daemon.running()
    assert record is not None
    assert daemon.stop(0.2)
    assert identity(record.pid) is None


@pytest.mark.parametrize("changed", [{"started": 1}, {"boot": "another"}, {"argv": ["/usr/bin/dockerd"]}])
def test_a_process_that_only_has_the_recorded_number_is_left_alone(
    daemon: Daemon, bystander: subprocess.Popen[bytes], changed: dict[str, object]
) -> None:
    found = identity(bystander.pid)
    assert found is not None
    stale = {"pid": found.pid, "started": found.started, "boot": found.boot, "argv": found.argv, **changed}
    (daemon.folder / "demo.process.json").write_text(json.dumps(stale))

    assert daemon.running() is None
    assert not daemon.stop(5)
    assert bystander.poll() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_damaged_record_counts_as_none(daemon: Daemon, content: str) -> None:
    (daemon.folder / "demo.process.json").write_text(content)
    assert daemon.running() is None


def test_a_daemon_that_ends_while_starting_shows_its_last_words(daemon: Daemon) -> None:
    dying = [sys.executable, "-c", "import time; print('port is taken', flush=True); time.sleep(0.2)"]
    daemon.start(dying, os.environ)
    with pytest.raises(Problem, match="port is taken"):
        daemon.wait_until(lambda: False, 5)


def test_waiting_has_a_limit(daemon: Daemon) -> None:
    daemon.start(SLEEPER, os.environ)
    began = time.monotonic()
    with pytest.raises(Problem, match="did not answer"):
        daemon.wait_until(lambda: False, 0.2)
    assert time.monotonic() - began < 2


def test_the_run_folder_is_emptied_only_after_a_reboot(tmp_path: Path) -> None:
    run = tmp_path / "run"
    runtime.forget_other_boots(run)
    left = run / "docker.sock"
    left.touch()
    runtime.forget_other_boots(run)
    assert left.exists()

    (run / "boot").write_text("an earlier one")
    runtime.forget_other_boots(run)
    assert not left.exists()


def test_a_dead_containerd_is_forgotten_and_a_living_one_kept(tmp_path: Path) -> None:
    number = tmp_path / "containerd.pid"
    number.write_text(str(os.getpid()))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "containerd.sock"))
        listening.listen()
        runtime.forget_dead_containerd(tmp_path)
        assert number.exists()
    runtime.forget_dead_containerd(tmp_path)
    assert not number.exists()
