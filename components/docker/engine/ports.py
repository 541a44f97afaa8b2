"""The ports that a stack publishes, and whether the engine can publish them.

A container that publishes ports is replaced by deleting the old one first. If the new one could not bind its ports,
nothing would serve requests. So each new port is tested before that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import docker
from docker.errors import APIError, DockerException
from docker.models.containers import Container
from requests import RequestException

from components.docker.engine import engine
from components.docker.labels import DEPLOYMENT, ROLE
from components.edge.edge_spec import METRICS_PORT, PLAIN_PORT, TLS_PORT
from components.problems import Problem
from components.settings import Settings

CANNOT_BIND = re.compile(
    r"port is already allocated|address already in use|assign requested address|failed to bind|external connectivity"
)
"""Error texts of engines that cannot publish a port."""


@dataclass(frozen=True)
class PublishedPort:
    """A published port.

    Attributes:
        key: the setting that selects the port.
        container_port: port in the container.
        host_port: port on the engine's host.
        host_address: address of the engine's host.
    """

    key: str
    container_port: int
    host_port: int
    host_address: str


def published_ports(settings: Settings) -> list[PublishedPort]:
    """The ports of the edge, or the application's own port without an edge. Metrics are published on loopback only."""
    docker, edge = settings.docker, settings.edge
    if edge.kind != "haproxy":
        key = "edge.port" if edge.port else "environment.port"
        return [PublishedPort(key, settings.environment.port, settings.edge_port, docker.bind_address)]
    edge_port = PLAIN_PORT if settings.tls_mode == "off" else TLS_PORT
    ports = [PublishedPort("edge.port", edge_port, settings.edge_port, docker.bind_address)]
    if edge.redirect_port:
        ports.append(PublishedPort("edge.redirectPort", PLAIN_PORT, edge.redirect_port, docker.bind_address))
    if docker.metrics_port:
        ports.append(PublishedPort("docker.metricsPort", METRICS_PORT, docker.metrics_port, "127.0.0.1"))
    return sorted(ports, key=lambda port: port.container_port)


def problems(settings: Settings, deployment: str) -> list[Problem]:
    """The ports that the engine cannot publish, and for which a running container of `deployment` would be replaced.

    Ports that such a container holds are free for its replacement. A stack without running containers is not tested:
    nothing would be interrupted, and creating its containers reports the error.

    Args:
        settings: settings of the stack.
        deployment: name of the deployment.
    """
    try:
        client = engine.client(settings.docker.host)
        running = client.containers.list(filters={"label": [f"{DEPLOYMENT}={deployment}", ROLE]})
        publishers = [container for container in running if _bindings(container)]
        if not publishers:
            return []
        held = set().union(*(_bindings(container) for container in publishers))
        new_ports = [port for port in published_ports(settings) if (port.host_address, port.host_port) not in held]
        held_ports = {host_port for _, host_port in held}
        refusals = [(port, _bind_error(client, publishers[0], port, held_ports)) for port in new_ports]
    except (DockerException, RequestException):
        return []  # the deployment meets the same error and reports it
    return [port_problem(port, reason) for port, reason in refusals if reason]


def _bindings(container: Container) -> set[tuple[str, int]]:
    """Addresses and ports of the engine's host that a container publishes on."""
    port_bindings = container.attrs["HostConfig"].get("PortBindings") or {}
    return {
        (str(binding["HostIp"]), int(binding["HostPort"]))
        for bindings in port_bindings.values()
        for binding in bindings or []
    }


def _bind_error(client: docker.DockerClient, publisher: Container, port: PublishedPort, held_ports: set[int]) -> str:
    """Why the engine cannot publish a port, in the engine's words; empty when it can.

    Starts a short-lived container from the image of `publisher` that publishes only this port. If the deployment
    already holds the port on another address, the engine selects a free port, so that only the address is tested.
    """
    attributes = publisher.attrs
    host_port = 0 if port.host_port in held_ports else port.host_port
    container = client.containers.create(
        attributes["Image"],
        entrypoint=[attributes["Path"]],
        command=["-v"],
        cap_drop=["ALL"],
        labels={DEPLOYMENT: publisher.labels[DEPLOYMENT], ROLE: "trial"},
        network=attributes["HostConfig"]["NetworkMode"],
        ports={f"{port.container_port}/tcp": (port.host_address, host_port)},
        read_only=True,
        user=attributes["Config"].get("User") or None,
    )
    try:
        container.start()
    except APIError as error:
        reason = str(error.explanation or error)
        return reason if CANNOT_BIND.search(reason) else ""
    finally:
        container.remove(force=True)
    return ""


def port_problem(port: PublishedPort, bind_error: str) -> Problem:
    """The problem to report for a port that cannot be published.

    Args:
        port: the port.
        bind_error: the error text of the engine or of the operating system.
    """
    reason = bind_error.rstrip(")").rsplit(": ", 1)[-1]
    if "assign requested address" in bind_error:
        return Problem(
            "mimir:docker.bindAddress",
            f"{port.host_address}, which the engine's host does not have ({reason})",
            "an address of the engine's host; the running deployment keeps its current one",
            "pulumi config set --path 'mimir:docker.bindAddress' 127.0.0.1",
        )
    return Problem(
        f"mimir:{port.key}",
        f"{port.host_port}, which the engine cannot publish on {port.host_address} ({reason})",
        "a port that is free on the engine's host; the running deployment keeps its current one",
        set_port_command(port),
    )


def set_port_command(port: PublishedPort) -> str:
    """The command that selects a neighbouring port."""
    other_port = port.host_port + 1 if port.host_port < 65_535 else port.host_port - 1
    return f"pulumi config set --path 'mimir:{port.key}' {other_port}"
