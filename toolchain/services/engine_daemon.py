"""A Docker engine of ours: Debian's packages, with data, socket and log in the cache."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import suites, versions
from toolchain.debian import Debian, Package
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.services import bridge, dockerapi, registry, runtime
from toolchain.services.process import Daemon

START_SECONDS = 60.0
STOP_SECONDS = 90.0
SHUTDOWN_SECONDS = 60
"""How long containers may take to end when the engine does; the application drains for 30."""

INSTALLED = ("iptables", "iproute2", "ca-certificates", "libdevmapper1.02.1", "libseccomp2", "libsystemd0")


@dataclass(frozen=True)
class EngineRelease:
    """An engine, by the packages that it is made of.

    Attributes:
        folder: name of its folder in the cache.
        suite: Debian's suite with its packages; empty for the machine's own.
        docker: the oldest version of the package docker.io that will do; empty for any.
        containerd: likewise of the package containerd.
        arguments: of dockerd, besides those that every engine of ours gets.
    """

    folder: str
    suite: str
    docker: str = ""
    containerd: str = ""
    arguments: tuple[str, ...] = ()


def current() -> EngineRelease:
    """Today's engine; where the machine is no Debian, the one that its own packages have."""
    docker, containerd = map(suites.at_least, (versions.ENGINE_PACKAGE, versions.CONTAINERD_PACKAGE))
    return EngineRelease("engine", suites.newer(), docker, containerd)


OLDEST_POOL = "172.31.128.0/18"
"""Addresses of the networks of the oldest engine."""


def oldest() -> EngineRelease:
    """The oldest supported engine. It runs beside today's: it leaves the packet filter alone, which both would change,
    and has addresses of its own. Ports are then published by docker-proxy alone.
    """
    pool = ("--default-address-pool", f"base={OLDEST_POOL},size=24")
    filter_off = ("--iptables=false", "--ip6tables=false", "--ip-forward=false")
    return EngineRelease("engine-oldest", suites.older(), arguments=(*filter_off, *pool))


@dataclass(frozen=True)
class EngineDaemon:
    """One engine of ours, running or not."""

    machine: Machine
    release: EngineRelease

    @property
    def daemon(self) -> Daemon:
        return Daemon(self.release.folder, self.machine.layout.service(self.release.folder))

    @property
    def host(self) -> str:
        """Its address, for DOCKER_HOST."""
        socket = "docker" if self.release.folder == "engine" else self.release.folder
        return f"unix://{self.machine.layout.run}/{socket}.sock"

    @property
    def _run(self) -> Path:
        return self.machine.layout.run / self.release.folder

    @property
    def _pid_file(self) -> Path:
        return self._run / "dockerd.pid"

    def is_current(self) -> bool:
        """Whether what runs is what would be started now; downloads the packages if they are not there."""
        record = self.daemon.running()
        return record is not None and record.argv == self._command(self._packages())

    def answers(self) -> bool:
        """Whether it answers."""
        try:
            return bool(dockerapi.server_version(self.host, self.machine.environment))
        except OSError:
            return False

    def start(self) -> None:
        """Start it, in place of one of ours that runs: containers that are to be restarted come back with it.

        Raises:
            Problem: it, or what it needs, cannot be had, or it does not start.
        """
        Debian(self.machine.layout, self.machine.environment).install(INSTALLED, "a Docker engine")
        packages = self._packages()
        command = self._command(packages)
        _require_cgroups()
        self.daemon.stop(STOP_SECONDS)
        runtime.forget_other_boots(self.machine.layout.run)
        self._run.mkdir(parents=True, exist_ok=True)
        runtime.forget_dead_containerd(self._run / "exec/containerd")
        # dockerd refuses to start when any process has the number in its old pid file.
        self._pid_file.unlink(missing_ok=True)
        self.daemon.start(command, self._environment(packages))
        self.daemon.wait_until(self.answers, START_SECONDS)

    def stop(self) -> list[str]:
        """Stop it and its containers; the containers' names in words, or nothing where it did not run."""
        containers = dockerapi.container_names(self.host)
        if not self.daemon.stop(STOP_SECONDS):
            return []
        runtime.end_leftovers(str(self._run))
        return [f" and its containers ({', '.join(containers)})" if containers else ""]

    def client(self) -> Path | None:
        """Its Docker client, where the packages are there."""
        debian = Debian(self.machine.layout, self.machine.environment, self.release.suite)
        # Since Debian 13 the client is a package of its own.
        for name in ("docker-cli", "docker.io"):
            package = debian.unpacked(name)
            if package and (package.root / "usr/bin/docker").exists():
                return package.program("docker")
        return None

    def _packages(self) -> Sequence[Package]:
        """What it is made of. runc and tini are the machine's own release's: a newer runc needs a newer C library."""
        layout, environment = self.machine.layout, self.machine.environment
        chosen = Debian(layout, environment, self.release.suite)
        packages = [
            chosen.unpack("docker.io", self.release.docker),
            chosen.unpack("containerd", self.release.containerd),
            Debian(layout, environment).unpack("runc"),
            Debian(layout, environment).unpack("tini"),
        ]
        if not any((package.root / "usr/bin/docker").exists() for package in packages):
            chosen.unpack("docker-cli", self.release.docker)
        return packages

    def _environment(self, packages: Sequence[Package]) -> Mapping[str, str]:
        folders = [str(package.root / "usr" / place) for package in packages for place in ("sbin", "bin")]
        path = os.pathsep.join([*folders, self.machine.environment["PATH"], "/usr/sbin", "/sbin"])
        return {**self.machine.environment, "PATH": path}

    def _command(self, packages: Sequence[Package]) -> list[str]:
        """What is run: another command than that of the engine that runs makes it start anew."""
        programs = {package.name: package for package in packages}
        folder = self.daemon.folder
        return [
            str(programs["docker.io"].program("dockerd")),
            "--host",
            self.host,
            "--data-root",
            str(folder / "data"),
            "--exec-root",
            str(self._run / "exec"),
            "--pidfile",
            str(self._pid_file),
            "--group",
            "root",
            "--init-path",
            str(programs["tini"].program("tini-static")),
            "--shutdown-timeout",
            str(SHUTDOWN_SECONDS),
            # Where the image hub does not answer, what stands in for its images is found there.
            "--registry-mirror",
            f"http://{registry.ADDRESS}",
            *self.release.arguments,
            *bridge.arguments(folder),
        ]


def _require_cgroups() -> None:
    if not any(Path("/sys/fs/cgroup").glob("*")):
        raise Problem(
            "no control groups are mounted, so no container can be limited",
            "apt-get install -y cgroupfs-mount && cgroupfs-mount",
        )
