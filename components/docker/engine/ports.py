"""The ports that a stack publishes, and whether the engine can, asked before what has others is removed for them.

A container that publishes ports is replaced by deleting the old one first. If the new one then could not bind, nothing
would serve.
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
"""What engines say when a port cannot be published."""


@dataclass(frozen=True)
class Published:
    """A published port.

    Attributes:
        key: the setting that chooses the port.
        inside: port in the container.
        port: port on the engine's host.
        address: address of the engine's host.
    """

    key: str
    inside: int
    port: int
    address: str


def published(settings: Settings) -> list[Published]:
    """What a stack publishes: the edge's ports, or the application's own; the metrics on loopback only."""
    docker, edge = settings.docker, settings.edge
    if edge.kind != "haproxy":
        key = "edge.port" if edge.port else "environment.port"
        return [Published(key, settings.environment.port, settings.edge_port, docker.bind_address)]
    inside = PLAIN_PORT if settings.tls_mode == "off" else TLS_PORT
    ports = [Published("edge.port", inside, settings.edge_port, docker.bind_address)]
    if edge.redirect_port:
        ports.append(Published("edge.redirectPort", PLAIN_PORT, edge.redirect_port, docker.bind_address))
    if docker.metrics_port:
        ports.append(Published("docker.metricsPort", METRICS_PORT, docker.metrics_port, "127.0.0.1"))
    return sorted(ports, key=lambda port: port.inside)


def problems(settings: Settings, deployment: str) -> list[Problem]:
    """The ports that the engine cannot publish, and which a running container of `deployment` would be replaced for.

    Ports that such a container holds are its successor's. A stack of which nothing runs has nothing to lose: whoever
    creates its containers says why it cannot.

    Args:
        settings: the stack's.
        deployment: name of the deployment.
    """
    try:
        client = engine.client(settings.docker.host)
        running = client.containers.list(filters={"label": [f"{DEPLOYMENT}={deployment}", ROLE]})
        holders = [container for container in running if _bindings(container)]
        if not holders:
            return []
        held = set().union(*(_bindings(container) for container in holders))
        wanted = [port for port in published(settings) if (port.address, port.port) not in held]
        refusals = [(port, _refusal(client, holders[0], port, {number for _, number in held})) for port in wanted]
    except (DockerException, RequestException):
        return []  # who deploys to it meets the same, and says it
    return [problem(port, refusal) for port, refusal in refusals if refusal]


def _bindings(container: Container) -> set[tuple[str, int]]:
    """Addresses and ports of the engine's host that a container has."""
    bindings = container.attrs["HostConfig"].get("PortBindings") or {}
    return {
        (str(binding["HostIp"]), int(binding["HostPort"])) for bound in bindings.values() for binding in bound or []
    }


def _refusal(client: docker.DockerClient, holder: Container, port: Published, held: set[int]) -> str:
    """Why the engine cannot publish a port, in its own words; nothing when it can.

    A container like `holder` is started for a moment, with nothing but that port. For a port that is `held` by the
    deployment, on another address, the engine chooses one, so that only the address is tried.
    """
    attributes = holder.attrs
    container = client.containers.create(
        attributes["Image"],
        entrypoint=[attributes["Path"]],
        command=["-v"],
        cap_drop=["ALL"],
        labels={DEPLOYMENT: holder.labels[DEPLOYMENT], ROLE: "trial"},
        network=attributes["HostConfig"]["NetworkMode"],
        ports={f"{port.inside}/tcp": (port.address, 0 if port.port in held else port.port)},
        read_only=True,
        user=attributes["Config"].get("User") or None,
    )
    try:
        container.start()
    except APIError as error:
        refusal = str(error.explanation or error)
        return refusal if CANNOT_BIND.search(refusal) else ""
    finally:
        container.remove(force=True)
    return ""


def problem(port: Published, refusal: str) -> Problem:
    """What to say of a port that cannot be published.

    Args:
        port: which.
        refusal: why, in the words of the engine or of the system.
    """
    reason = refusal.rstrip(")").rsplit(": ", 1)[-1]
    if "assign requested address" in refusal:
        return Problem(
            "mimir:docker.bindAddress",
            f"{port.address}, which the engine's host does not have ({reason})",
            "an address of the engine's host; what runs goes on with the one before",
            "pulumi config set --path 'mimir:docker.bindAddress' 127.0.0.1",
        )
    return Problem(
        f"mimir:{port.key}",
        f"{port.port}, which the engine cannot publish on {port.address} ({reason})",
        "a port that is free on the engine's host; what runs goes on with the one before",
        f"pulumi config set --path 'mimir:{port.key}' {port.port + 1 if port.port < 65_535 else port.port - 1}",
    )
