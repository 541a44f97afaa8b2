"""The oldest supported Docker engine, beside today's, for the test that deploys to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolchain import suites, versions
from toolchain.machine import Machine, is_root
from toolchain.report import Row, Source
from toolchain.services import dockerapi
from toolchain.services.engine_daemon import OLDEST_POOL, EngineDaemon, oldest
from toolchain.services.question import Question

VARIABLE = "MIMIR_OLDEST_DOCKER_HOST"
"""Environment variable with its address, which the test reads."""


RULE = (
    *("FORWARD", "-s", OLDEST_POOL, "-d", OLDEST_POOL),
    *("-m", "comment", "--comment", "mimir oldest engine", "-j", "ACCEPT"),
)
"""Its containers may talk to each other. It has no rules of its own, and today's engine drops what it does not know."""


@dataclass(frozen=True)
class OldestEngine:
    """An engine of ours, of the release `versions.ENGINE_OLDEST`."""

    machine: Machine
    name: str = "oldest Docker engine"

    @property
    def _ours(self) -> EngineDaemon:
        return EngineDaemon(self.machine, oldest())

    def look(self) -> Row:
        try:
            version = dockerapi.server_version(self._ours.host, self.machine.environment)
        except OSError:
            return Row(self.name, "", Source.STOPPED, f"only a test needs it ({versions.ENGINE_OLDEST})")
        return Row(self.name, version, Source.RUNNING, f"our own, {self._ours.host}, for a test")

    def ensure(self) -> Row:
        if not (suites.is_debian() and is_root()):
            return Row(self.name, "", Source.NONE, "only root on a Debian machine can have it; its test is skipped")
        if self._ours.answers() and self._ours.is_current():
            self._allow()
            return self.look()
        self._ours.start()
        self._allow()
        row = self.look()
        return Row(row.name, row.version, Source.STARTED, row.why)

    def environment(self) -> Mapping[str, str]:
        return {VARIABLE: self._ours.host} if self._ours.daemon.running() else {}

    def questions(self) -> Sequence[Question] | None:
        return [Question(self._ours.host, "/_ping", " 200 ok")]

    def stop(self) -> list[str]:
        stopped = [f"{self.name}{containers}" for containers in self._ours.stop()]
        if stopped:
            self._iptables("-D")
        return stopped

    def _allow(self) -> None:
        if not self._iptables("-C"):
            self._iptables("-I")

    def _iptables(self, action: str) -> bool:
        """Check (-C), insert (-I) or delete (-D) the rule; whether that worked."""
        path = os.pathsep.join([self.machine.environment["PATH"], "/usr/sbin", "/sbin"])
        command = ["iptables", "-w", action, *RULE]
        result = subprocess.run(
            command, env={**self.machine.environment, "PATH": path}, capture_output=True, check=False
        )
        return result.returncode == 0
