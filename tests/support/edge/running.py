"""Runs HAProxy with rendered files on free ports, and keeps one edge for each variant of the settings."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from components.application import application
from components.edge import edge_spec
from components.edge.edge_spec import METRICS_PORT, PLAIN_PORT, PROBES_PORT, TLS_PORT
from components.edge.haproxy import files
from components.edge.haproxy.backend import Backend
from components.edge.haproxy.files import CONFIGURATION, USERS, Certificate
from components.settings import Settings
from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import eventually

Config = Mapping[str, Any]

PLENTY = {"requestsPerClient": 10_000_000, "requestsPerKey": 10_000_000, "failuresPerClient": 10_000_000}
"""Limits that no test reaches by accident: all come from one address."""

START_SECONDS = 10

OWN_WORDS = re.compile(r"^(\[[A-Z]+\] |Server application/|backend application )")
"""How a line begins that is about no request."""


@dataclass(frozen=True)
class Running:
    """An edge that serves.

    Attributes:
        port: where it serves.
        redirect_port: where it redirects, if it does.
        metrics_port: where its figures are.
        probes_port: where the platform asks whether it is well.
        scheme: http or https.
        digest: of the files in effect.
        log: file with its log.
        process: HAProxy.
    """

    port: int
    redirect_port: int
    metrics_port: int
    probes_port: int
    scheme: str
    digest: str
    log: Path
    process: subprocess.Popen[bytes]

    def ask(self, path: str, method: str = "GET", **how: Any) -> requests.Response:
        """One request as an ordinary client makes it, on a connection of its own."""
        url = f"{self.scheme}://127.0.0.1:{self.port}{path}"
        return requests.request(method, url, **{"timeout": 10, "verify": False, "allow_redirects": False, **how})

    def figures(self, path: str = "/metrics") -> str:
        """What the port for metrics says."""
        return requests.get(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=5).text

    def logged(self, request_id: str) -> dict[str, Any]:
        """The line of the log about one request."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            whole = self.log.read_text().rpartition("\n")[0]
            lines = [line for line in whole.splitlines() if request_id in line]
            if lines:
                return dict(json.loads(lines[0]))
            time.sleep(0.02)
        raise AssertionError(f"no line about {request_id} in the log")


def haproxy() -> str:
    """The program."""
    found = shutil.which("haproxy")
    assert found, "no haproxy on PATH: run these tests with `make edge`, which gets it"
    return found


def settings_of(config: Config) -> Settings:
    """Settings with limits that are out of the way, unless the test is about them."""
    own = config.get("edge", {})
    limits = {**PLENTY, **own.get("rateLimit", {})}
    return Settings.model_validate({**config, "edge": {**own, "rateLimit": limits}})


def start(
    config: Config,
    backends: Sequence[int],
    folder: Path,
    certificate: Certificate | None = None,
    host: str = "127.0.0.1",
    backend: Backend | None = None,
    rewrite: Callable[[str], str] = str,
) -> Running:
    """Run the edge of these settings in front of the application's processes.

    Args:
        config: what the stack says.
        backends: ports of the processes; one server for each is written down.
        folder: for its files; must not exist.
        certificate: where it encrypts.
        host: where the processes listen.
        backend: how the edge finds the processes by itself, instead of `backends` and `host`.
        rewrite: changes haproxy.cfg before it is used.
    """
    settings = settings_of(config)
    described = edge_spec.describe(settings, application.describe(settings, "test"))
    rendered = files.render(described, backend or Backend(host, backends[0], max_replicas=len(backends)), certificate)
    ports = {number: free_port() for number in (PLAIN_PORT, TLS_PORT, METRICS_PORT, PROBES_PORT)}
    folder.mkdir(mode=0o700)
    for name, text in {**rendered.plain, **rendered.secret}.items():
        if name == CONFIGURATION:
            text = rewrite(_here(text, ports, backends, folder))
        (folder / name).write_text(text)
    log = folder / "log"
    process = _run([haproxy(), "-db", "-f", CONFIGURATION, "-f", USERS], folder, log)
    port, scheme = ports[described.listening_port], described.scheme
    inside = (ports[METRICS_PORT], ports[PROBES_PORT])
    running = Running(port, ports[PLAIN_PORT], *inside, scheme, rendered.digest, log, process)
    eventually("HAProxy answers", lambda: _is_up(running), START_SECONDS)
    return running


def _run(command: list[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)


def _here(text: str, ports: Mapping[int, int], backends: Sequence[int], folder: Path) -> str:
    """The configuration for this machine: free ports, a socket of its own, as many servers as there are."""
    text = text.replace(f"  bind 127.0.0.1:{METRICS_PORT}\n", "")
    text = re.sub(r"bind :(\d+)", lambda found: f"bind 127.0.0.1:{ports[int(found[1])]}", text)
    text = text.replace("/run/haproxy/", f"{folder}/")
    if len(backends) > 1:
        server = re.search(r"(?m)^  server-template replica \d+ (\S+):\d+ (.*)$", text)
        assert server
        lines = [f"  server replica{n} {server[1]}:{port} {server[2]}" for n, port in enumerate(backends, 1)]
        text = text.replace(server[0], "\n".join(lines))
    return text


def _is_up(running: Running) -> bool:
    assert running.process.poll() is None, f"HAProxy ended: {running.log.read_text()}"
    return running.figures("/ready") == "ready"


class Edges:
    """The edges of a test run: one for each variant of the settings, started when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, Running] = {}

    def of(
        self,
        config: Config,
        *backends: int,
        certificate: Certificate | None = None,
        own: str = "",
        host: str = "127.0.0.1",
    ) -> Running:
        """The edge of these settings.

        Args:
            config: what the stack says.
            backends: ports of the application's processes.
            certificate: where it encrypts.
            own: name of the test that must have one for itself, because it spends a limit.
            host: where the processes listen.
        """
        key = json.dumps([config, backends, own, host], sort_keys=True)
        if key not in self._running:
            folder = self._folder / str(len(self._running))
            self._running[key] = start(config, backends, folder, certificate, host)
        return self._running[key]

    def stop(self) -> None:
        """End every one."""
        for running in self._running.values():
            running.process.kill()
            running.process.wait()

    @property
    def no_json(self) -> list[str]:
        """Lines of their logs that are neither JSON nor HAProxy's words about itself and the application."""
        lines = (line for one in self._running.values() for line in one.log.read_text().splitlines())
        return [line for line in lines if not OWN_WORDS.search(line) and not _is_request(line)]


def _is_request(line: str) -> bool:
    try:
        found = json.loads(line).keys()
    except ValueError:
        return False
    return bool(found >= {"time", "client"} and (found >= {"request_id", "status", "path"} or "tls_error" in found))
