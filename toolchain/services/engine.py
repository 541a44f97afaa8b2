"""The Docker engine: the user's own, or one of ours with data, socket and log in the cache."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain.debian import Debian
from toolchain.machine import Machine, is_root
from toolchain.problem import ENSURE, Problem
from toolchain.report import Row, Source
from toolchain.services import bridge, dockerapi, registry, runtime
from toolchain.services.process import Daemon

START_SECONDS = 60.0
STOP_SECONDS = 90.0
SHUTDOWN_SECONDS = 60
"""How long containers may take to end when the engine does; the application drains for 30."""

UNPACKED = ("docker.io", "containerd", "runc", "tini")
INSTALLED = ("iptables", "iproute2", "ca-certificates", "libdevmapper1.02.1", "libseccomp2", "libsystemd0")
FIX_FOR_USERS = "sudo apt-get install -y docker.io && sudo usermod -aG docker $USER, then log in again"


@dataclass(frozen=True)
class Engine:
    """DOCKER_HOST's engine, the default socket's, or ours."""

    machine: Machine
    name: str = "Docker engine"

    @property
    def _daemon(self) -> Daemon:
        return Daemon("engine", self.machine.layout.service("engine"))

    @property
    def _run(self) -> Path:
        return self.machine.layout.run / "engine"

    @property
    def _pid_file(self) -> Path:
        return self._run / "dockerd.pid"

    @property
    def own_host(self) -> str:
        return f"unix://{self.machine.layout.run}/docker.sock"

    @property
    def host(self) -> str:
        """The address of the engine that is used."""
        chosen = self.machine.environment.get("DOCKER_HOST")
        if chosen:
            return chosen
        return self.own_host if self._daemon.running() else dockerapi.DEFAULT_HOST

    def look(self) -> Row:
        chosen = self.machine.environment.get("DOCKER_HOST", "")
        try:
            version = dockerapi.server_version(self.host, self.machine.environment)
        except PermissionError:
            return self._problem(
                f"{self.host} may not be used by this user",
                "sudo usermod -aG docker $USER, then log in again",
            )
        except OSError as error:
            if chosen:
                what = f"DOCKER_HOST is {chosen}: {error}"
                return self._problem(what, "start that engine, or unset DOCKER_HOST")
            return self._problem("no engine answers", ENSURE if is_root() else FIX_FOR_USERS)
        ours = self.host == self.own_host
        return Row(self.name, version, Source.RUNNING, f"our own, {self.host}" if ours else self.host)

    def ensure(self) -> Row:
        row = self.look()
        record = self._daemon.running() if self.host == self.own_host else None
        if row.ok and (record is None or record.argv == self._command()):
            return row
        if row.fix not in ("", ENSURE):
            raise Problem(row.why, row.fix)
        why = "ours had other settings" if row.ok else "no engine answered"
        self._start()
        row = self.look()
        return Row(row.name, row.version, Source.STARTED, f"{why}; Debian's docker.io, {self.own_host}")

    def environment(self) -> Mapping[str, str]:
        return {"DOCKER_HOST": self.own_host} if self._daemon.running() else {}

    def stop(self) -> list[str]:
        containers = dockerapi.container_names(self.own_host)
        if not self._daemon.stop(STOP_SECONDS):
            return []
        runtime.end_leftovers(str(self._run))
        with_them = f" and its containers ({', '.join(containers)})" if containers else ""
        return [f"{self.name}{with_them}"]

    def _start(self) -> None:
        """Start it, in place of one of ours that runs: containers that are to be restarted come back with it."""
        debian = Debian(self.machine.layout, self.machine.environment)
        debian.install(INSTALLED, "a Docker engine")
        command = self._command()
        _require_cgroups()
        self._daemon.stop(STOP_SECONDS)
        runtime.forget_other_boots(self.machine.layout.run)
        self._run.mkdir(parents=True, exist_ok=True)
        runtime.forget_dead_containerd(self._run / "exec/containerd")
        # dockerd refuses to start when any process has the number in its old pid file.
        self._pid_file.unlink(missing_ok=True)
        folders = [str(debian.unpack(name).root / "usr" / place) for name in UNPACKED for place in ("sbin", "bin")]
        path = os.pathsep.join([*folders, self.machine.environment["PATH"], "/usr/sbin", "/sbin"])
        self._daemon.start(command, {**self.machine.environment, "PATH": path})
        self._daemon.wait_until(self._answers, START_SECONDS)

    def _command(self) -> list[str]:
        """What is run: another command than that of the engine that runs makes it start anew."""
        debian = Debian(self.machine.layout, self.machine.environment)
        return [
            str(debian.unpack("docker.io").program("dockerd")),
            "--host",
            self.own_host,
            "--data-root",
            str(self._daemon.folder / "data"),
            "--exec-root",
            str(self._run / "exec"),
            "--pidfile",
            str(self._pid_file),
            "--group",
            "root",
            "--init-path",
            str(debian.unpack("tini").program("tini-static")),
            "--shutdown-timeout",
            str(SHUTDOWN_SECONDS),
            # Where the image hub does not answer, what stands in for its images is found there.
            "--registry-mirror",
            f"http://{registry.ADDRESS}",
            *bridge.arguments(self._daemon.folder),
        ]

    def _answers(self) -> bool:
        try:
            return bool(dockerapi.server_version(self.own_host, self.machine.environment))
        except OSError:
            return False

    def _problem(self, why: str, fix: str) -> Row:
        return Row(self.name, "", Source.NONE, why, fix)


def client(machine: Machine) -> Path | None:
    """Debian's Docker client, for a machine that has our engine and no client of its own."""
    package = Debian(machine.layout, machine.environment).unpacked("docker.io")
    if package is None or machine.which("docker"):
        return None
    return package.program("docker")


def _require_cgroups() -> None:
    if not any(Path("/sys/fs/cgroup").glob("*")):
        raise Problem(
            "no control groups are mounted, so no container can be limited",
            "apt-get install -y cgroupfs-mount && cgroupfs-mount",
        )
