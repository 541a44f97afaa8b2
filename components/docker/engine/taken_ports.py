"""Ports that are already in use, found without creating anything: for a preview, and for a new stack.

The engine lists the ports that its other containers publish. A port of another program, or an address that the host
does not have, is found only where the engine's host is this machine, by binding to it for a moment.
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
from components.docker.engine.ports import PublishedPort
from components.docker.labels import DEPLOYMENT
from components.problems import Problem
from components.settings import Settings


@dataclass(frozen=True)
class PortHolder:
    """A container that publishes a port.

    Attributes:
        container: the container's name.
        deployment: the deployment that it belongs to, if any.
        address: address of the engine's host.
        port: port on the engine's host.
    """

    container: str
    deployment: str | None
    address: str
    port: int

    def conflicts_with(self, port: PublishedPort) -> bool:
        """Whether `port` cannot be published while this container runs."""
        addresses = (ip_address(self.address), ip_address(port.host_address))
        overlap = addresses[0] == addresses[1] or any(address.is_unspecified for address in addresses)
        return self.port == port.host_port and overlap


def container_conflicts(settings: Settings, deployment: str) -> list[Problem]:
    """The ports that containers of other deployments publish.

    Args:
        settings: settings of the stack.
        deployment: name of the deployment. Ports of its own containers pass to their replacements.
    """
    try:
        holders = list(_port_holders(engine.client(settings.docker.host)))
    except (DockerException, RequestException):
        return []  # the deployment meets the same error and reports it
    return [
        _conflict_problem(port, holder)
        for port in ports.published_ports(settings)
        for holder in holders
        if holder.deployment != deployment and holder.conflicts_with(port)
    ]


def problems(settings: Settings, deployment: str) -> list[Problem]:
    """The ports that an update could not publish, as far as that can be found without an update.

    Args:
        settings: settings of the stack.
        deployment: name of the deployment.
    """
    conflicts = container_conflicts(settings, deployment)
    try:
        client = engine.client(settings.docker.host)
        if conflicts or not engine.is_local(client):
            return conflicts
        own_ports = {holder.port for holder in _port_holders(client) if holder.deployment == deployment}
    except (DockerException, RequestException):
        return conflicts
    refusals = [(port, _bind_error(port, own_ports)) for port in ports.published_ports(settings)]
    return [ports.port_problem(port, reason) for port, reason in refusals if reason]


def _port_holders(client: docker.DockerClient) -> Iterator[PortHolder]:
    """The published TCP ports of all running containers, from one request."""
    for container in client.containers.list(sparse=True):
        attributes = container.attrs
        for binding in attributes.get("Ports") or []:
            if binding.get("PublicPort") and binding.get("Type") == "tcp":
                name = str(attributes["Names"][0]).lstrip("/")
                deployment = (attributes.get("Labels") or {}).get(DEPLOYMENT)
                yield PortHolder(name, deployment, binding.get("IP") or "0.0.0.0", int(binding["PublicPort"]))


def _bind_error(port: PublishedPort, own_ports: set[int]) -> str:
    """Why this machine refuses to bind a port; empty when it does not, or when this user cannot find out.

    Args:
        port: the port.
        own_ports: ports that the deployment already publishes. For these, only the address is tested.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((port.host_address, 0 if port.host_port in own_ports else port.host_port))
        except PermissionError:  # a port below 1024, which the engine may bind and this user may not
            return ""
        except OSError as error:
            return str(error.strerror)
    return ""


def _conflict_problem(port: PublishedPort, holder: PortHolder) -> Problem:
    stack = (holder.deployment or "").removeprefix("mimir-")
    rename = f"; if this stack was renamed, restore its former name: pulumi stack rename {stack}" if stack else ""
    return Problem(
        f"mimir:{port.key}",
        f"{port.host_port}, which container {holder.container} publishes on {holder.address}",
        f"a port that is free on the engine's host{rename}",
        ports.set_port_command(port),
    )
