"""Ports that somebody else has, found out without making anything: for a preview, and for a stack that is new.

What the engine's other containers publish is in their list. Another program's port, or an address that the host does
not have, can be seen only where the engine's host is this machine, by binding to it for a moment.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import docker
from docker.errors import DockerException
from requests import RequestException

from components.docker.engine import engine, ports
from components.docker.engine.ports import Published
from components.docker.labels import DEPLOYMENT
from components.problems import Problem
from components.settings import Settings


@dataclass(frozen=True)
class Holder:
    """A published port of a container.

    Attributes:
        container: the container's name.
        deployment: whose it is, where it is of a stack.
        address: address of the engine's host.
        port: port on the engine's host.
    """

    container: str
    deployment: str | None
    address: str
    port: int

    def has(self, port: Published) -> bool:
        """Whether nobody else can publish `port` besides."""
        addresses = (ip_address(self.address), ip_address(port.address))
        overlap = addresses[0] == addresses[1] or any(address.is_unspecified for address in addresses)
        return self.port == port.port and overlap


def of_containers(settings: Settings, deployment: str) -> list[Problem]:
    """The ports that containers of others publish.

    Args:
        settings: the stack's.
        deployment: name of the deployment; its own containers hold what their successors get.
    """
    try:
        holders = list(_holders(engine.client(settings.docker.host)))
    except (DockerException, RequestException):
        return []  # who deploys to it meets the same, and says it
    return [
        _taken(port, holder)
        for port in ports.published(settings)
        for holder in holders
        if holder.deployment != deployment and holder.has(port)
    ]


def problems(settings: Settings, deployment: str) -> list[Problem]:
    """The ports that an update could not publish, as far as that can be known without an update.

    Args:
        settings: the stack's.
        deployment: name of the deployment.
    """
    taken = of_containers(settings, deployment)
    try:
        client = engine.client(settings.docker.host)
        if taken or not engine.is_this_machine(client):
            return taken
        own = {holder.port for holder in _holders(client) if holder.deployment == deployment}
    except (DockerException, RequestException):
        return taken
    refusals = [(port, _refusal(port, own)) for port in ports.published(settings)]
    return [ports.problem(port, refusal) for port, refusal in refusals if refusal]


def _holders(client: docker.DockerClient) -> Iterator[Holder]:
    """What the containers that run publish, in one request."""
    for container in client.containers.list(sparse=True):
        attributes = container.attrs
        for binding in attributes.get("Ports") or []:
            if binding.get("PublicPort") and binding.get("Type") == "tcp":
                name = str(attributes["Names"][0]).lstrip("/")
                owner = (attributes.get("Labels") or {}).get(DEPLOYMENT)
                yield Holder(name, owner, binding.get("IP") or "0.0.0.0", int(binding["PublicPort"]))


def _refusal(port: Published, own: set[int]) -> str:
    """Why this machine does not give a port away; nothing when it does, or does not say it to this user.

    Args:
        port: which.
        own: ports that the deployment has already; of these only the address is tried.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((port.address, 0 if port.port in own else port.port))
        except PermissionError:  # a port below 1024, which an engine may have and this user may not
            return ""
        except OSError as error:
            return str(error.strerror)
    return ""


def _taken(port: Published, holder: Holder) -> Problem:
    renamed = (
        f"; if this stack was renamed, its name before: pulumi stack rename {holder.deployment.removeprefix('mimir-')}"
        if holder.deployment
        else ""
    )
    return Problem(
        f"mimir:{port.key}",
        f"{port.port}, which container {holder.container} publishes on {holder.address}",
        f"a port that is free on the engine's host{renamed}",
        f"pulumi config set --path 'mimir:{port.key}' {port.port + 1 if port.port < 65_535 else port.port - 1}",
    )
