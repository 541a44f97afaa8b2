"""An image registry on the loopback interface."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolchain.debian import Debian
from toolchain.machine import Machine
from toolchain.problem import ENSURE, Problem
from toolchain.report import Row, Source
from toolchain.services.process import Daemon
from toolchain.services.question import Question

ADDRESS = "127.0.0.1:5000"
PACKAGE = "docker-registry"
START_SECONDS = 20.0
STOP_SECONDS = 10.0

SETTINGS = """\
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: {data}
  delete:
    enabled: true
http:
  addr: {address}
"""


@dataclass(frozen=True)
class Registry:
    """Whatever speaks the registry protocol at ADDRESS, else Debian's docker-registry."""

    machine: Machine
    name: str = "registry"

    @property
    def _daemon(self) -> Daemon:
        return Daemon("registry", self.machine.layout.service("registry"))

    def look(self) -> Row:
        answer = probe()
        if answer == "registry":
            ours = self._daemon.running() is not None
            return Row(
                self.name,
                self._version() if ours else "",
                Source.RUNNING,
                f"our own, {ADDRESS}" if ours else ADDRESS,
            )
        if answer:
            return Row(self.name, "", Source.NONE, f"{ADDRESS} is taken: {answer}", "stop what listens on port 5000")
        return Row(self.name, "", Source.NONE, f"nothing answers on {ADDRESS}", ENSURE)

    def ensure(self) -> Row:
        row = self.look()
        if row.ok:
            return row
        if row.fix != ENSURE:
            raise Problem(row.why, row.fix)
        try:
            program = Debian(self.machine.layout, self.machine.environment).unpack(PACKAGE).program(PACKAGE)
        except Problem as problem:
            fix = f"docker run -d --restart always -p {ADDRESS}:5000 registry:2"
            raise Problem(problem.what, fix) from problem
        folder = self._daemon.folder
        folder.mkdir(parents=True, exist_ok=True)
        settings = folder / "config.yml"
        settings.write_text(SETTINGS.format(data=folder / "data", address=ADDRESS))
        self._daemon.start([str(program), "serve", str(settings)], self.machine.environment)
        self._daemon.wait_until(lambda: probe() == "registry", START_SECONDS)
        return Row(self.name, self._version(), Source.STARTED, f"nothing answered on {ADDRESS}; Debian's {PACKAGE}")

    def environment(self) -> Mapping[str, str]:
        return {}

    def questions(self) -> Sequence[Question] | None:
        return [Question(f"tcp://{ADDRESS}", "/v2/", "docker-distribution-api-version:")]

    def stop(self) -> list[str]:
        return [self.name] if self._daemon.stop(STOP_SECONDS) else []

    def _version(self) -> str:
        package = Debian(self.machine.layout, self.machine.environment).unpacked(PACKAGE)
        return package.version if package else ""


_loopback = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Opens addresses on this machine, past any proxy that the environment names."""


def probe() -> str:
    """ "registry" when one answers, an empty string when nothing does, else what answered instead."""
    try:
        answer = _loopback.open(f"http://{ADDRESS}/v2/", timeout=3)
        status, headers = answer.status, answer.headers
        answer.close()
    except urllib.error.HTTPError as error:
        status, headers = error.code, error.headers
    except urllib.error.URLError as error:
        return "" if isinstance(error.reason, ConnectionRefusedError) else f"{error.reason}"
    except OSError as error:
        return f"{error}"
    # 401 is a registry that wants credentials; the header is the protocol's own sign.
    if status in (200, 401) and "Docker-Distribution-Api-Version" in headers:
        return "registry"
    return f"something that is not a registry answered {status}"
