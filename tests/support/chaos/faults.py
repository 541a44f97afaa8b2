"""What can be done to the engine, the cluster and their processes, and how they are started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.e2e.cluster import CONTEXT
from tests.support.e2e.stack import eventually
from toolchain.cluster_context import BUILT
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.services import runtime
from toolchain.services.cluster import shutdown
from toolchain.services.cluster.places import Places
from toolchain.services.engine_daemon import EngineDaemon, current
from toolchain.services.process import Daemon, identity

START_SECONDS = 300


def machine() -> Machine:
    """This machine, as the toolchain sees it."""
    return Machine.of(Layout.of(Path.cwd(), os.environ), os.environ)


def built_engine() -> EngineDaemon:
    """The engine of the toolchain; the test is skipped where another one is used."""
    built = EngineDaemon(machine(), current())
    if os.environ.get("DOCKER_HOST") != built.host or built.daemon.running() is None:
        pytest.skip("only the toolchain's own Docker engine is ever killed, and DOCKER_HOST is another one")
    return built


def kill(daemon: Daemon, how: signal.Signals) -> None:
    """Send a signal to a program of the toolchain, and wait for its end."""
    process = daemon.running()
    assert process is not None, f"{daemon.name} does not run"
    os.kill(process.pid, how)
    eventually(f"the end of {daemon.name}", lambda: identity(process.pid) != process, 120)


def crash_engine(built: EngineDaemon) -> None:
    """End the engine, its containerd and every container at once, as a machine does that loses its power."""
    kill(built.daemon, signal.SIGKILL)
    runtime.end_leftovers(str(built.machine.layout.run / built.release.folder))


def cluster_daemons() -> dict[str, Daemon]:
    """The programs of the toolchain's cluster; the test is skipped where another cluster is used."""
    places = Places.of(machine().layout)
    names = shutdown.running(places)
    if CONTEXT != BUILT or not names:
        pytest.skip("only the toolchain's own cluster ever loses its programs, and another one is used")
    return {name: Daemon(name, places.root) for name in names}


def registry_daemon() -> Daemon:
    """The toolchain's registry."""
    folder = machine().layout.service("registry")
    daemon = Daemon("registry", folder)
    if daemon.running() is None:
        pytest.skip("only the toolchain's own registry is ever stopped, and another one is used")
    return daemon


def start_again(*groups: str) -> None:
    """Start what does not run, as `make tools` and `make cluster` do."""
    options = [option for group in groups for option in ("--group", group)]
    command = [sys.executable, "-m", "toolchain", "ensure", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
