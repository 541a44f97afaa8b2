"""The networks of a deployment on an engine.

A stack with an edge has two. The edge publishes its ports from the first one, which is an ordinary bridge network. The
application is in the second one, which is internal: the engine gives it no gateway, so the application reaches the edge
and nothing else. The edge is in both.

An engine cannot publish a port of a container that is in an internal network only, and it cannot make a network that
exists internal. So the first network of a stack is never changed, and the edge, whose networks the provider would only
change by replacing it, is connected to the second one through the engine's API.
"""

from __future__ import annotations

import pulumi
from docker.errors import DockerException
from requests import RequestException

from components.application.application import Application
from components.docker.engine import engine
from components.docker.labels import filters_of
from components.settings import Settings


def internal_name(application: Application) -> str:
    """The engine's name of the internal network.

    Args:
        application: whose network it is.
    """
    return f"{application.name}-internal"


def has_internal(settings: Settings) -> bool:
    """Whether the deployment has an internal network: without an edge, the application publishes a port itself.

    Args:
        settings: the stack's.
    """
    return settings.edge.kind == "haproxy"


def is_isolated(settings: Settings) -> bool:
    """Whether the application is in the internal network.

    Not where `network.egress` says that it connects to something: an engine has no rules for destinations. And not in
    development mode, in which the container downloads modules.

    Args:
        settings: the stack's.
    """
    return has_internal(settings) and not settings.network.egress and not settings.live_reload


def of_application(settings: Settings, application: Application) -> str:
    """The engine's name of the network that the application's container is in.

    Args:
        settings: the stack's.
        application: what runs.
    """
    return internal_name(application) if is_isolated(settings) else application.name


def of_edge(application: Application) -> tuple[str, str]:
    """The engine's names of the networks that the edge's container is in; the first one publishes its ports.

    Args:
        application: what runs.
    """
    return application.name, internal_name(application)


def connect_edge(settings: Settings, application: Application) -> None:
    """Connect the edges that run to the internal network, if it exists and they are not in it.

    An edge must be there before the application is: whatever ends an update between the two, the edge still finds the
    application by its name in the network.

    Args:
        settings: the stack's.
        application: what runs.

    Raises:
        DockerException: when the engine does not answer, or cannot connect a container.
    """
    client = engine.client(settings.docker.host)
    name = internal_name(application)
    for edge in client.containers.list(filters=filters_of(application, "edge")):
        if client.networks.list(names=[f"^{name}$"]):
            engine.connect(edge, name)


def edge_hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that connects an edge that was just created to the internal network; a failure is a warning.

    Args:
        name: of the resource.
        settings: the stack's.
        application: what runs.
    """

    def connect(_: pulumi.ResourceHookArgs) -> None:
        try:
            connect_edge(settings, application)
        except (DockerException, RequestException) as error:  # tried again when its files are switched
            pulumi.log.warn(f"{application.name}-edge is not in network {internal_name(application)} yet: {error}")

    return pulumi.ResourceHook(f"{name}-networks", connect)
