"""A deployment ends with a request through the edge; a running edge that serves no request is a failure."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.application import application
from components.docker.engine import engine
from components.docker.rollout import reachability
from components.docker.rollout.reachability import NotReachable
from components.edge import edge_spec as edges
from components.edge import self_signed
from components.settings import Settings
from tests.support.configuration import merged
from tests.support.fake_engine import Thing

Served = tuple[int, list[tuple[str, str]]]
Serve = Callable[..., Served]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits in a test; the engine is this machine's."""
    monkeypatch.setattr(reachability, "TIMEOUT_SECONDS", 0.0)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(engine, "is_local", lambda _: True)
    monkeypatch.delenv("DOCKER_HOST", raising=False)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a server on loopback that gives these answers one after the other; its port, and what it was requests."""
    servers: list[http.server.HTTPServer] = []

    def start(*statuses: int, tls: bool = False) -> Served:
        requests: list[tuple[str, str]] = []
        left = [*statuses]

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requests.append((self.path, self.headers["Host"]))
                self.send_response(left.pop(0) if len(left) > 1 else left[0])
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            certificate = self_signed.make(["mimir.example.com"])
            (tmp_path / "pem").write_text(certificate["chain"] + certificate["key"])
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tmp_path / "pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return server.server_port, requests

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def require(port: int, status: str = "running", **config: Any) -> None:
    """Ask a stack that is published on a port of loopback."""
    settings = Settings.model_validate(merged({"edge": {"port": port}}, config))
    container = Thing({"State": {"Status": status}})
    reachability.require_reachable(settings, edges.describe(settings, application.describe(settings, "dev")), container)  # type: ignore[arg-type]


@pytest.fixture
def closed_port(serve: Serve) -> int:
    """A port that nobody listens on."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        return server.server_port


@pytest.mark.parametrize("status", [200, 401, 404, 429])
def test_an_answer_of_the_application_or_a_refusal_of_the_edge_is_enough(serve: Serve, status: int) -> None:
    port, requests = serve(status)
    require(port)
    assert requests == [("/health", f"127.0.0.1:{port}")]


def test_it_asks_for_the_host_that_is_served_and_past_a_certificate_that_nobody_vouches_for(serve: Serve) -> None:
    port, requests = serve(200, tls=True)
    require(port, edge={"tls": {"mode": "selfSigned"}, "hosts": ["mimir.example.com"]})
    assert requests == [("/health", f"mimir.example.com:{port}")]


def test_an_edge_that_has_just_found_the_application_is_asked_again(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reachability, "TIMEOUT_SECONDS", 60.0)
    port, requests = serve(503, 503, 200)
    require(port)
    assert len(requests) == 3


def test_an_edge_without_an_application_fails_the_update(serve: Serve) -> None:
    port, _ = serve(503)
    with pytest.raises(NotReachable) as caught:
        require(port)
    assert f"http://127.0.0.1:{port} do not get through to the application: 503 Service Unavailable" in str(
        caught.value
    )
    assert "docker network inspect mimir-dev" in str(caught.value)
    assert isinstance(caught.value, pulumi.RunError), "no traceback for a user"


def test_a_port_that_does_not_answer_fails_the_update(closed_port: int) -> None:
    with pytest.raises(NotReachable, match=r"refused.*\n.*docker restart mimir-dev-edge"):
        require(closed_port)


def test_a_paused_edge_is_called_paused(closed_port: int) -> None:
    with pytest.raises(NotReachable, match="docker unpause mimir-dev-edge"):
        require(closed_port, status="paused")


def test_who_cannot_reach_the_port_of_another_machine_is_only_told(
    closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a pipeline in a container, which has the engine's socket and not its loopback."""
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    monkeypatch.setattr(engine, "is_local", lambda _: False)
    require(closed_port)
    assert "mimir-dev-edge could not be reached from here" in warnings[0]


@pytest.mark.parametrize("host", ["ssh://me@engine.example.com", "tcp://engine.example.com:2376"])
def test_loopback_of_another_machine_is_not_asked(serve: Serve, host: str) -> None:
    port, requests = serve(503)
    require(port, docker={"host": host}, registry={"address": "registry.example.com"})
    assert requests == []


@pytest.mark.parametrize(("status", "fails"), [(200, False), (401, False), (503, True)])
def test_a_single_check_sends_one_request_and_returns_its_problem(serve: Serve, status: int, fails: bool) -> None:
    port, requests = serve(status)
    settings = Settings.model_validate({"edge": {"port": port}})
    client: Any = object()
    problem = reachability.check_once(settings, edges.describe(settings, application.describe(settings, "dev")), client)
    assert ("503 Service Unavailable" in problem) == fails
    assert len(requests) == 1


@pytest.mark.parametrize(("name", "here"), [("this", True), ("docker-desktop", False)])
def test_an_engine_is_here_if_it_has_this_machines_name(monkeypatch: pytest.MonkeyPatch, name: str, here: bool) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("socket.gethostname", lambda: "this")
    client: Any = type("Client", (), {"info": lambda _: {"Name": name}})()
    assert engine.is_local(client) is here
