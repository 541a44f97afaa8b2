"""Whether requests get through: by the published port, the edge and the network, to the application.

The edge may run with the right files and answer nobody: its container or the application's was disconnected from the
network, the packet filter was flushed, or the port belongs to somebody else.
"""

from __future__ import annotations

import http.client
import os
import ssl
import time
from ipaddress import ip_address
from urllib.parse import urlsplit

import docker
import pulumi
from docker.models.containers import Container

from components.docker import networks
from components.docker.engine import engine
from components.edge.edge_spec import EdgeSpec
from components.settings import Settings

PATIENCE_SECONDS = 20.0
"""How long the edge may take until it sends requests to an application that has just become healthy."""

REQUEST_SECONDS = 5.0


class NotReachable(pulumi.RunError):
    """Raised when a request does not get through to the application."""


def require(settings: Settings, edge: EdgeSpec, container: Container) -> None:
    """Ask for the application's health as its users do, until the answer comes from the application.

    Where the published port cannot be reached from here at all, that is an error only if the engine runs on this
    machine: a pipeline may talk to an engine whose ports are closed to it. Loopback of a remote engine is not asked.

    Args:
        settings: the stack's.
        edge: the edge.
        container: its container.

    Raises:
        NotReachable: when the edge has no application to send requests to, or does not answer.
        DockerException: when the engine does not answer.
    """
    if _is_loopback_elsewhere(settings):
        return
    deadline = time.monotonic() + PATIENCE_SECONDS
    while problem := _problem(settings, edge):
        if time.monotonic() >= deadline:
            break
        time.sleep(0.2)
    if not problem:
        return
    container.reload()
    if container.status != "running":
        raise NotReachable(engine.not_running(edge.name, container.status))
    assert container.client
    answered = problem.startswith("503")
    if not answered and not engine.is_this_machine(container.client):
        pulumi.log.warn(f"{edge.name} could not be asked from here: {problem}. Nothing is known of its published port.")
        return
    advice = (
        f"the edge has no healthy application: docker logs {edge.name}; "
        f"docker network inspect {networks.of_application(settings, edge.application)}"
        if answered
        else f"the edge runs, but its port is not open: docker restart {edge.name}; if the packet filter was changed, "
        "restart the engine"
    )
    raise NotReachable(f"{_not_through(settings, edge, problem)}\n  {advice}")


def ask(settings: Settings, edge: EdgeSpec, client: docker.DockerClient) -> str:
    """Ask once: why a request does not get through, or nothing where it does, or where that cannot be told from here.

    Args:
        settings: the stack's.
        edge: the edge.
        client: of the engine.

    Raises:
        DockerException: when the engine does not answer.
    """
    problem = "" if _is_loopback_elsewhere(settings) else _problem(settings, edge)
    if not problem or (not problem.startswith("503") and not engine.is_this_machine(client)):
        return ""
    return _not_through(settings, edge, problem)


def _not_through(settings: Settings, edge: EdgeSpec, problem: str) -> str:
    url = f"{edge.scheme}://{_address(settings)}"
    return f"Requests to {url} do not get through to the application: {problem}."


def _is_loopback_elsewhere(settings: Settings) -> bool:
    """Whether the port is open to the host of a remote engine only."""
    host = settings.docker.host or os.environ.get("DOCKER_HOST") or ""
    is_remote = host.startswith(("ssh:", "tcp:")) and urlsplit(host).hostname not in ("localhost", "127.0.0.1")
    return is_remote and ip_address(settings.docker.bind_address).is_loopback


def _address(settings: Settings) -> str:
    return f"{engine.published_host(settings)}:{settings.edge_port}"


def _problem(settings: Settings, edge: EdgeSpec) -> str:
    """Why a request did not get through; nothing when it did. An answer that refuses it is the edge's at work."""
    host, path = next(iter(edge.settings.hosts), None), edge.application.probe.path
    address, port = engine.published_host(settings), settings.edge_port
    connection = _connection(edge, address, port, host)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}", "Connection": "close"} if host else {})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return f"{status} {http.client.responses[status]}" if status == 503 else ""


def _connection(edge: EdgeSpec, address: str, port: int, host: str | None) -> http.client.HTTPConnection:
    """A connection to the edge, past any proxy. Who vouches for its certificate is not the question here."""
    if not edge.tls:
        return http.client.HTTPConnection(address, port, timeout=REQUEST_SECONDS)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return _Tls(address, port, host or address, context)


class _Tls(http.client.HTTPSConnection):
    """A connection to one address that asks for the certificate of another name."""

    def __init__(self, address: str, port: int, name: str, context: ssl.SSLContext) -> None:
        super().__init__(address, port, timeout=REQUEST_SECONDS, context=context)
        self._name, self._tls = name, context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)
