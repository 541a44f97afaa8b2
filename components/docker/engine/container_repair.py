"""Restore what was changed on a container outside of Pulumi: its state, its networks and its name.

Pulumi sees a container that does not run only in a refresh, and a disconnected or renamed one not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus

import pulumi
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from requests import RequestException


@contextmanager
def translate_errors(name: str, action: str, error_type: type[pulumi.RunError]) -> Iterator[None]:
    """Turn errors of the engine API into an error that Pulumi prints without a traceback.

    Args:
        name: the container's name.
        action: what is done with the container, as a past participle: "checked".
        error_type: the class of the error to raise.

    Raises:
        RunError: as `error_type`, when the container is gone or the engine API fails.
    """
    try:
        yield
    except NotFound as error:
        raise error_type(
            f"{name} was removed behind Pulumi's back. To recreate it: make refresh   # or: pulumi up --refresh"
        ) from error
    except (DockerException, RequestException) as error:
        raise error_type(f"{name} could not be {action}: {error}") from error


def start_if_stopped(container: Container) -> bool:
    """Start a container that does not run, and return whether it was started.

    It was stopped, or could not be started when it was created.

    Raises:
        DockerException: when the engine cannot start it.
    """
    if container.status not in ("created", "exited"):
        return False
    pulumi.log.warn(f"{container.name} did not run ({container.status}), and is started again.")
    container.start()
    return True


def reconnect_if_disconnected(container: Container, network: str, aliases: Sequence[str] = ()) -> None:
    """Connect a container to its network again if it was disconnected, and warn.

    Args:
        container: the container.
        network: name of the network.
        aliases: additional DNS names of the container in this network.

    Raises:
        DockerException: when the engine has no such network, or cannot connect the container.
    """
    if connect_to_network(container, network, aliases):
        pulumi.log.warn(f"{container.name} was disconnected from network {network}, and is connected again.")


def connect_to_network(container: Container, network: str, aliases: Sequence[str] = ()) -> bool:
    """Connect a container to a network, and return whether it was not connected before.

    Args:
        container: the container.
        network: name of the network.
        aliases: additional DNS names of the container in this network.

    Raises:
        DockerException: when the engine has no such network, or cannot connect the container.
    """
    if network in (container.attrs["NetworkSettings"]["Networks"] or {}):
        return False
    assert container.client
    container.client.networks.get(network).connect(container, aliases=[*aliases] or None)
    return True


def restore_name(container: Container, name: str) -> None:
    """Give a renamed container its original name, and warn.

    The edge resolves the application by this name. If another container has the name by now, it keeps it.

    Args:
        container: the container.
        name: the name that it was deployed with.

    Raises:
        DockerException: when the engine API fails.
    """
    if container.name == name:
        return
    current_name = container.name
    try:
        container.rename(name)
    except APIError as error:
        if error.status_code != HTTPStatus.CONFLICT:
            raise
        pulumi.log.warn(
            f"{name} was renamed to {current_name}, and another container has its name now: docker rm {name}; make up"
        )
        return
    container.reload()
    pulumi.log.warn(f"{name} was renamed to {current_name}, and has its name again.")


def not_running_message(name: str, status: str) -> str:
    """The error text for a container that should run.

    Args:
        name: the container's name.
        status: its status, in the engine's words.
    """
    if status == "paused":
        return f"{name} is paused and answers no request: docker unpause {name}"
    return f"{name} is {status}, not running: docker logs {name}; make refresh (pulumi up --refresh) starts it again."
