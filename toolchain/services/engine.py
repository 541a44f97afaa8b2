"""The Docker engine: the user's own, or one of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain.machine import Machine, is_root
from toolchain.problem import ENSURE, Problem
from toolchain.report import Row, Source
from toolchain.services import dockerapi
from toolchain.services.engine_daemon import EngineDaemon, current
from toolchain.services.question import Question

FIX_FOR_USERS = "sudo apt-get install -y docker.io && sudo usermod -aG docker $USER, then log in again"


@dataclass(frozen=True)
class Engine:
    """DOCKER_HOST's engine, the default socket's, or ours."""

    machine: Machine
    name: str = "Docker engine"

    @property
    def _ours(self) -> EngineDaemon:
        return EngineDaemon(self.machine, current())

    @property
    def own_host(self) -> str:
        return self._ours.host

    @property
    def host(self) -> str:
        """The address of the engine that is used."""
        chosen = self.machine.environment.get("DOCKER_HOST")
        if chosen:
            return chosen
        return self.own_host if self._ours.daemon.running() else dockerapi.DEFAULT_HOST

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
                message = f"DOCKER_HOST is {chosen}: {error}"
                return self._problem(message, "start that engine, or unset DOCKER_HOST")
            return self._problem("no engine answers", ENSURE if is_root() else FIX_FOR_USERS)
        is_ours = self.host == self.own_host
        return Row(self.name, version, Source.RUNNING, f"our own, {self.host}" if is_ours else self.host)

    def ensure(self) -> Row:
        row = self.look()
        if row.ok and (self.host != self.own_host or self._ours.is_current()):
            return row
        if row.fix not in ("", ENSURE):
            raise Problem(row.why, row.fix)
        why = "ours had other settings" if row.ok else "no engine answered"
        self._ours.start()
        row = self.look()
        return Row(row.name, row.version, Source.STARTED, f"{why}; Debian's docker.io, {self.own_host}")

    def environment(self) -> Mapping[str, str]:
        return {"DOCKER_HOST": self.own_host} if self._ours.daemon.running() else {}

    def questions(self) -> Sequence[Question] | None:
        """SSH and TLS are the client's business, and take longer."""
        if self.host.startswith(("ssh://", "npipe://")) or self.machine.environment.get("DOCKER_TLS_VERIFY"):
            return None
        return [Question(self.host, "/_ping", " 200 ok")]

    def stop(self) -> list[str]:
        return [f"{self.name}{containers}" for containers in self._ours.stop()]

    def _problem(self, why: str, fix: str) -> Row:
        return Row(self.name, "", Source.NONE, why, fix)


def client(machine: Machine) -> Path | None:
    """Debian's Docker client, for a machine that has our engine and no client of its own."""
    return None if machine.which("docker") else EngineDaemon(machine, current()).client()
