"""Reachability: whether requests reach the application through the published port, the edge and the network.

An edge that runs with the right files may still serve no request: its container or the application's was disconnected
from the network, the packet filter was flushed, or another program has the port.
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
from components.docker.engine.container_repair import not_running_message
from components.edge.edge_spec import EdgeSpec
from components.settings import Settings

TIMEOUT_SECONDS = 20.0
"""Time that the edge may take until it sends requests to an application that has just become healthy."""

POLL_INTERVAL_SECONDS = 0.2

REQUEST_TIMEOUT_SECONDS = 5.0


class NotReachable(pulumi.RunError):
    """Raised when a request does not reach the application."""


def require_reachable(settings: Settings, edge: EdgeSpec, container: Container) -> None:
    """Request the application's health endpoint as a client does, until the application answers.

    If the published port cannot be reached from here at all, that is an error only if the engine runs on this machine:
    a pipeline may use an engine whose ports are closed to it. A port on loopback of a remote engine is not checked.

    Args:
        settings: settings of the stack.
        edge: specification of the edge.
        container: the edge's container.

    Raises:
        NotReachable: when the edge has no healthy application, or does not answer.
        DockerException: when the engine does not answer.
    """
    if _is_remote_loopback(settings):
        return
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while problem := _request_problem(settings, edge):
        if time.monotonic() >= deadline:
            break
        time.sleep(POLL_INTERVAL_SECONDS)
    if not problem:
        return
    container.reload()
    if container.status != "running":
        raise NotReachable(not_running_message(edge.name, container.status))
    assert container.client
    if not _is_conclusive(problem, container.client):
        pulumi.log.warn(
            f"{edge.name} could not be reached from here: {problem}. The state of its published port is unknown."
        )
        return
    raise NotReachable(f"{_message(settings, edge, problem)}\n  {_advice(settings, edge, problem)}")


def check_once(settings: Settings, edge: EdgeSpec, client: docker.DockerClient) -> str:
    """Send one request.

    Args:
        settings: settings of the stack.
        edge: specification of the edge.
        client: client of the engine.

    Returns:
        Why the request does not reach the application; empty if it does, or if that cannot be found out from here.

    Raises:
        DockerException: when the engine does not answer.
    """
    problem = "" if _is_remote_loopback(settings) else _request_problem(settings, edge)
    return _message(settings, edge, problem) if problem and _is_conclusive(problem, client) else ""


def _is_conclusive(problem: str, client: docker.DockerClient) -> bool:
    """Whether a failed request shows a fault of the deployment: the edge answered, or its port is on this machine."""
    return problem.startswith("503") or engine.is_local(client)


def _message(settings: Settings, edge: EdgeSpec, problem: str) -> str:
    url = f"{edge.scheme}://{engine.published_host(settings)}:{settings.edge_port}"
    return f"Requests to {url} do not get through to the application: {problem}."


def _advice(settings: Settings, edge: EdgeSpec, problem: str) -> str:
    if problem.startswith("503"):
        network = networks.application_network(settings, edge.application)
        return f"the edge has no healthy application: docker logs {edge.name}; docker network inspect {network}"
    return (
        f"the edge runs, but its port is not open: docker restart {edge.name}; if the packet filter was changed, "
        "restart the engine"
    )


def _is_remote_loopback(settings: Settings) -> bool:
    """Whether the port is bound to loopback of a remote engine's host."""
    host = settings.docker.host or os.environ.get("DOCKER_HOST") or ""
    is_remote = host.startswith(("ssh:", "tcp:")) and urlsplit(host).hostname not in ("localhost", "127.0.0.1")
    return is_remote and ip_address(settings.docker.bind_address).is_loopback


def _request_problem(settings: Settings, edge: EdgeSpec) -> str:
    """Send a request, and return why it did not reach the application; empty if it did.

    An error response other than 503 comes from a working edge or from the application.
    """
    host, path = next(iter(edge.settings.hosts), None), edge.application.probe.path
    address, port = engine.published_host(settings), settings.edge_port
    connection = _open_connection(edge, address, port, host)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}", "Connection": "close"} if host else {})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return f"{status} {http.client.responses[status]}" if status == 503 else ""


def _open_connection(edge: EdgeSpec, address: str, port: int, host: str | None) -> http.client.HTTPConnection:
    """A connection to the edge that ignores proxy settings and does not verify the certificate."""
    if not edge.tls:
        return http.client.HTTPConnection(address, port, timeout=REQUEST_TIMEOUT_SECONDS)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return _SniConnection(address, port, host or address, context)


class _SniConnection(http.client.HTTPSConnection):
    """A TLS connection to an address with another server name (SNI)."""

    def __init__(self, address: str, port: int, server_name: str, context: ssl.SSLContext) -> None:
        super().__init__(address, port, timeout=REQUEST_TIMEOUT_SECONDS, context=context)
        self._server_name, self._tls_context = server_name, context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls_context.wrap_socket(self.sock, server_hostname=self._server_name)
