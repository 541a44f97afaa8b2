"""The networks of a deployment on an engine.

A stack with an edge has two networks. The first one is an ordinary bridge network, from which the edge publishes its
ports. The second one contains the application and is internal: the engine gives it no gateway, so the application can
connect to the edge and to nothing else. The edge is in both.

An engine cannot publish a port of a container that is in an internal network only, and it cannot make an existing
network internal. So the first network of a stack never changes. The provider would replace the edge to change its
networks, so the edge is connected to the second network through the engine's API.
"""

from __future__ import annotations

import pulumi
from docker.errors import DockerException
from requests import RequestException

from components.application.application import Application
from components.docker.engine import engine
from components.docker.engine.container_repair import connect_to_network
from components.docker.labels import role_filter
from components.settings import Settings


def internal_network_name(application: Application) -> str:
    """The engine's name of the internal network."""
    return f"{application.name}-internal"


def has_internal_network(settings: Settings) -> bool:
    """Whether the deployment has an internal network. Without an edge, the application publishes a port itself."""
    return settings.edge.kind == "haproxy"


def is_isolated(settings: Settings) -> bool:
    """Whether the application is in the internal network.

    Not if `network.egress` allows outgoing connections: an engine has no rules for destinations. And not in
    development mode, in which the container downloads modules.
    """
    return has_internal_network(settings) and not settings.network.egress and not settings.live_reload


def application_network(settings: Settings, application: Application) -> str:
    """The engine's name of the network that the application's container is in.

    Args:
        settings: settings of the stack.
        application: the application of the deployment.
    """
    return internal_network_name(application) if is_isolated(settings) else application.name


def edge_networks(application: Application) -> tuple[str, str]:
    """The engine's names of the networks that the edge's container is in. The first one publishes its ports."""
    return application.name, internal_network_name(application)


def connect_edge(settings: Settings, application: Application) -> None:
    """Connect running edges to the internal network, if it exists.

    The edge must be in this network before the application is. If the update ends between the two, the edge can then
    still resolve the application's name.

    Args:
        settings: settings of the stack.
        application: the application of the deployment.

    Raises:
        DockerException: when the engine does not answer, or cannot connect a container.
    """
    client = engine.client(settings.docker.host)
    network = internal_network_name(application)
    for edge in client.containers.list(filters=role_filter(application, "edge")):
        if client.networks.list(names=[f"^{network}$"]):
            connect_to_network(edge, network)


def connect_edge_hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that connects running edges to the internal network; a failure is a warning.

    Args:
        name: logical name of the resource.
        settings: settings of the stack.
        application: the application of the deployment.
    """

    def connect(_: pulumi.ResourceHookArgs) -> None:
        try:
            connect_edge(settings, application)
        except (DockerException, RequestException) as error:  # the cutover tries again
            network = internal_network_name(application)
            pulumi.log.warn(f"{application.name}-edge could not be connected to network {network} yet: {error}")

    return pulumi.ResourceHook(f"{name}-networks", connect)
