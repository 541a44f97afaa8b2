"""The engine itself: whether it answers, what it can do, and the provider that talks to it."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

import docker as docker_sdk
import pulumi
import pulumi_docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from requests import RequestException

from components.image.registry import stored_login
from components.problems import Problem
from components.settings import Registry, Settings

TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Engine:
    """What a Docker engine can do.

    Attributes:
        api: version of its API.
        swap_limit: whether its kernel counts swap; without, a limit of it is dropped and looks changed for ever.
    """

    api: tuple[int, int]
    swap_limit: bool = True

    @property
    def has_start_interval(self) -> bool:
        """Whether health checks can be more frequent during the start (Docker 25, API 1.44)."""
        return self.api >= (1, 44)


@cache
def client(host: str | None) -> docker_sdk.DockerClient:
    """A client of the engine at `host`, or of the one that the environment names.

    Raises:
        DockerException: when none answers.
    """
    if host:
        return docker_sdk.DockerClient(base_url=host, timeout=TIMEOUT_SECONDS, use_ssh_client=host.startswith("ssh:"))
    return docker_sdk.from_env(timeout=TIMEOUT_SECONDS, use_ssh_client=True)


def inspect_engine(settings: Settings) -> Engine | list[Problem]:
    """The engine that these settings name, or everything because of which it cannot be used."""
    try:
        version = str(client(settings.docker.host).version()["ApiVersion"])
        swap_limit = bool(client(settings.docker.host).info().get("SwapLimit", True))
    except DockerException as error:
        away = Problem(
            "mimir:docker.host",
            f"no Docker engine answers at {_address(settings)} ({_reason(error)})",
            "a running engine that this user may talk to",
            "start it (make tools), or name the one that `docker` uses:\n"
            "              pulumi config set --path 'mimir:docker.host' "
            "\"$(docker context inspect -f '{{.Endpoints.docker.Host}}')\"",
        )
        return [away]
    major, minor = version.split(".")
    return Engine((int(major), int(minor)), swap_limit)


def provider(settings: Settings, opts: pulumi.ResourceOptions) -> pulumi_docker.Provider:
    """The provider for the stack's engine, with the registry's credentials for pulling."""
    auth = _auth(settings.registry)
    return pulumi_docker.Provider("engine", host=settings.docker.host, registry_auth=auth, opts=opts)


def _auth(registry: Registry) -> list[pulumi_docker.ProviderRegistryAuthArgs]:
    if registry.username and registry.password:
        password = pulumi.Output.secret(registry.password.get_secret_value())
        return [
            pulumi_docker.ProviderRegistryAuthArgs(
                address=registry.address, username=registry.username, password=password
            )
        ]
    if stored_login(registry):
        # Names the file that `docker login` wrote, not what is in it: stored tokens expire, and are not ours to keep.
        return [pulumi_docker.ProviderRegistryAuthArgs(address=registry.address)]
    return []


@contextmanager
def looking_at(name: str, to_be: str, problem: type[pulumi.RunError]) -> Iterator[None]:
    """Say what a person should know, as a `problem`, when the container `name` cannot be looked at.

    Args:
        name: of the container.
        to_be: what is to be done with it, after «does not let it be».
        problem: what is raised.
    """
    try:
        yield
    except NotFound as error:
        raise problem(
            f"{name} was removed behind Pulumi's back. This makes it anew: make refresh   # or: pulumi up --refresh"
        ) from error
    except (DockerException, RequestException) as error:
        raise problem(f"The engine does not let {name} be {to_be}: {error}") from error


def start_if_stopped(container: Container) -> bool:
    """Start a container that does not run, and return whether it was started.

    Somebody stopped it, or it could not be started when it was created. Pulumi has it in its state either way, and sees
    that it does not run in a refresh only.

    Raises:
        DockerException: when the engine cannot start it.
    """
    if container.status not in ("created", "exited"):
        return False
    pulumi.log.warn(f"{container.name} did not run ({container.status}), and is started again.")
    container.start()
    return True


def attach_if_detached(container: Container, network: str, aliases: Sequence[str] = ()) -> None:
    """Connect a container to its network again, if somebody disconnected it. The provider does not see that.

    Args:
        container: which.
        network: name of the network.
        aliases: names that the container has in it, besides its own.

    Raises:
        DockerException: when the engine has no such network, or cannot connect it.
    """
    if connect(container, network, aliases):
        pulumi.log.warn(f"{container.name} was disconnected from network {network}, and is connected again.")


def connect(container: Container, network: str, aliases: Sequence[str] = ()) -> bool:
    """Connect a container to a network, and return whether it was not connected before.

    Args:
        container: which.
        network: name of the network.
        aliases: names that the container has in it, besides its own.

    Raises:
        DockerException: when the engine has no such network, or cannot connect it.
    """
    if network in (container.attrs["NetworkSettings"]["Networks"] or {}):
        return False
    assert container.client
    container.client.networks.get(network).connect(container, aliases=[*aliases] or None)
    return True


def rename_back(container: Container, name: str) -> None:
    """Give a container its name again, if somebody renamed it.

    The edge finds the application by that name, and `docker logs` finds both. A name that another container has by now
    is left to that one.

    Args:
        container: which.
        name: that it was deployed with.

    Raises:
        DockerException: when the engine does not answer.
    """
    if container.name == name:
        return
    renamed = container.name
    try:
        container.rename(name)
    except APIError as error:
        if error.status_code != HTTPStatus.CONFLICT:
            raise
        pulumi.log.warn(
            f"{name} was renamed to {renamed}, and another container has its name now: docker rm {name}; make up"
        )
        return
    container.reload()
    pulumi.log.warn(f"{name} was renamed to {renamed}, and has its name again.")


def is_this_machine(client: docker_sdk.DockerClient) -> bool:
    """Whether the engine's host is where this program runs, so that what it publishes on loopback is reached from here.

    Not where its socket is mounted into a container, or is a virtual machine's.

    Raises:
        DockerException: when the engine does not answer.
    """
    return str(client.info().get("Name")) == socket.gethostname()


def not_running(name: str, status: str) -> str:
    """What to say of a container that should run."""
    if status == "paused":
        return f"{name} is paused, so it answers nobody: docker unpause {name}"
    return f"{name} is {status}, not running: docker logs {name}; make refresh (pulumi up --refresh) starts it again."


def published_host(settings: Settings) -> str:
    """Where a published port is reached: on a remote engine under its name, unless it is bound to loopback there."""
    address = ip_address(settings.docker.bind_address)
    remote = urlsplit(settings.docker.host or "").hostname
    return remote if remote and not address.is_loopback else "127.0.0.1" if address.is_unspecified else str(address)


def _address(settings: Settings) -> str:
    return settings.docker.host or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def _reason(error: Exception) -> str:
    """The innermost cause; docker's own message wraps three others around it."""
    causes = re.findall(r"\w*Error\(\d+, '([^']+)'\)", str(error))
    return cast(str, causes[-1]) if causes else str(error).splitlines()[0][:200]
