"""The engines that the toolchain starts: of which packages, with which settings, and when again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolchain import suites
from toolchain.debian import Debian
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.report import Source
from toolchain.services import bridge, dockerapi, engine, engine_daemon
from toolchain.services.engine import Engine
from toolchain.services.engine_daemon import EngineDaemon, EngineRelease, current, oldest
from toolchain.services.oldest_engine import VARIABLE, OldestEngine

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
PROGRAMS = {"docker.io": "sbin/dockerd", "containerd": "bin/containerd", "runc": "sbin/runc", "tini": "bin/tini-static"}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A Debian with every package in the cache, on which engines answer as long as their daemons run."""
    layout = Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})
    made = Machine(layout, {"PATH": os.environ["PATH"]})
    monkeypatch.setattr(suites, "is_debian", lambda: True)
    monkeypatch.setattr(suites, "older", lambda: "bookworm")
    for suite, versions in {
        "": ("20.10.24", "1.6"),
        "@bookworm": ("20.10.24", "1.6"),
        "@sid": ("28.5.2", "2.1.9"),
    }.items():
        for name, program in PROGRAMS.items():
            package(layout, name + suite, program, versions[name == "containerd"])
    package(layout, "docker-cli@sid", "bin/docker", "28.5.2")
    package(layout, "docker.io@bookworm", "bin/docker", "20.10.24")

    def version(host: str, _: object) -> str:
        running = [daemon for daemon in daemons if daemon.host == host and daemon.daemon.running()]
        if not running:
            raise OSError("no engine")
        return "28.5.2" if running[0].release == current() else "20.10.24"

    daemons = [EngineDaemon(made, current()), EngineDaemon(made, oldest())]
    monkeypatch.setattr(dockerapi, "server_version", version)
    monkeypatch.setattr(bridge, "arguments", lambda _: [])
    monkeypatch.setattr(engine_daemon, "_require_cgroups", lambda: None)
    monkeypatch.setattr(engine, "is_root", lambda: True)
    monkeypatch.setattr(Debian, "install", lambda *_: None)
    yield made
    for daemon in daemons:
        daemon.daemon.stop(5)


def package(layout: Layout, folder: str, program: str, version: str) -> None:
    file = layout.packages / folder / "usr" / program
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o755)
    (layout.packages / folder / "VERSION").write_text(f"{version}\n")


def command(machine: Machine, release: EngineRelease) -> list[str]:
    daemon = EngineDaemon(machine, release)
    return daemon._command(daemon._packages())


def test_todays_engine_is_of_the_newer_suite_and_looks_for_the_hubs_images_on_loopback_first(machine: Machine) -> None:
    argv = command(machine, current())
    assert argv[0] == f"{machine.layout.packages}/docker.io@sid/usr/sbin/dockerd"
    assert argv[argv.index("--registry-mirror") + 1] == "http://127.0.0.1:5000"
    assert f"{machine.layout.packages}/tini/usr/bin/tini-static" in argv, "of the machine's own release"


def test_the_oldest_engine_runs_beside_it_and_shares_nothing_with_it(machine: Machine) -> None:
    today, oldest_one = command(machine, current()), command(machine, oldest())
    assert oldest_one[0] == f"{machine.layout.packages}/docker.io@bookworm/usr/sbin/dockerd"
    for option in ("--host", "--data-root", "--exec-root", "--pidfile"):
        assert today[today.index(option) + 1] != oldest_one[oldest_one.index(option) + 1], option
    assert "--iptables=false" in oldest_one and "--iptables=false" not in today


def test_the_client_is_in_a_package_of_its_own_or_in_the_engines(machine: Machine) -> None:
    packages = machine.layout.packages
    assert EngineDaemon(machine, current()).client() == packages / "docker-cli@sid/usr/bin/docker"
    assert EngineDaemon(machine, oldest()).client() == packages / "docker.io@bookworm/usr/bin/docker"


def test_our_engine_is_started_again_only_when_its_settings_have_changed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settings(*more: str) -> None:
        monkeypatch.setattr(EngineDaemon, "_command", lambda *_: [*SLEEPER, *more])

    own, daemon = Engine(machine), EngineDaemon(machine, current()).daemon
    settings()
    first = own.ensure()
    assert (first.source, "no engine answered" in first.why) == (Source.STARTED, True)
    process = daemon.running()
    assert own.ensure().source is Source.RUNNING
    assert daemon.running() == process

    settings("--another")
    again = own.ensure()
    assert (again.source, "ours had other settings" in again.why) == (Source.STARTED, True)
    assert daemon.running() not in (process, None)
    assert own.ensure().source is Source.RUNNING


def test_the_oldest_engine_is_named_to_the_test_that_wants_it_and_replaces_no_other(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EngineDaemon, "_command", lambda *_: SLEEPER)
    monkeypatch.setattr("toolchain.services.oldest_engine.is_root", lambda: True)
    iptables = tmp_path / "bin/iptables"
    iptables.parent.mkdir()
    iptables.write_text(f'#!/bin/sh\necho "$2" >> {tmp_path}/rules\n[ "$2" != -C ]\n')
    iptables.chmod(0o755)
    machine.environment = {"PATH": os.pathsep.join([str(iptables.parent), machine.environment["PATH"]])}
    service = OldestEngine(machine)
    assert (service.look().source, service.look().ok, service.environment()) == (Source.STOPPED, True, {})
    assert service.ensure().version == "20.10.24"
    assert service.environment() == {VARIABLE: f"unix://{machine.layout.run}/engine-oldest.sock"}
    assert Engine(machine).environment() == {}, "DOCKER_HOST stays today's engine"
    assert service.stop() == ["oldest Docker engine"]
    assert (tmp_path / "rules").read_text().split() == ["-C", "-I", "-D"], "its containers reach each other meanwhile"
