"""The Docker engine: its client, its capabilities, and the Pulumi provider for it."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

import docker as docker_sdk
import pulumi
import pulumi_docker
from docker.errors import DockerException

from components.image.registry import stored_login
from components.problems import Problem
from components.settings import Registry, Settings

TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Engine:
    """Capabilities of a Docker engine.

    Attributes:
        api: version of its API.
        swap_limit: whether its kernel supports swap limits. If not, the engine drops such a limit, and every refresh
            would show a difference.
    """

    api: tuple[int, int]
    swap_limit: bool = True

    @property
    def has_start_interval(self) -> bool:
        """Whether health checks can run at a shorter interval during the start period (Docker 25, API 1.44)."""
        return self.api >= (1, 44)


@cache
def client(host: str | None) -> docker_sdk.DockerClient:
    """A client of the engine at `host`, or of the one that the environment selects.

    Raises:
        DockerException: when no engine answers.
    """
    if host:
        return docker_sdk.DockerClient(base_url=host, timeout=TIMEOUT_SECONDS, use_ssh_client=host.startswith("ssh:"))
    return docker_sdk.from_env(timeout=TIMEOUT_SECONDS, use_ssh_client=True)


def inspect_engine(settings: Settings) -> Engine | list[Problem]:
    """The capabilities of the engine that the settings select, or why it cannot be used."""
    try:
        version = str(client(settings.docker.host).version()["ApiVersion"])
        swap_limit = bool(client(settings.docker.host).info().get("SwapLimit", True))
    except DockerException as error:
        unavailable = Problem(
            "mimir:docker.host",
            f"no Docker engine answers at {_engine_address(settings)} ({_root_cause(error)})",
            "a running engine that this user may access",
            "start it (make tools), or set the address that `docker` uses:\n"
            "              pulumi config set --path 'mimir:docker.host' "
            "\"$(docker context inspect -f '{{.Endpoints.docker.Host}}')\"",
        )
        return [unavailable]
    major, minor = version.split(".")
    return Engine((int(major), int(minor)), swap_limit)


def provider(settings: Settings, opts: pulumi.ResourceOptions) -> pulumi_docker.Provider:
    """The Pulumi provider for the stack's engine, with the registry's credentials for pulling.

    Args:
        settings: settings of the stack.
        opts: resource options of the provider.
    """
    auth = _registry_auth(settings.registry)
    return pulumi_docker.Provider("engine", host=settings.docker.host, registry_auth=auth, opts=opts)


def _registry_auth(registry: Registry) -> list[pulumi_docker.ProviderRegistryAuthArgs]:
    if registry.username and registry.password:
        password = pulumi.Output.secret(registry.password.get_secret_value())
        return [
            pulumi_docker.ProviderRegistryAuthArgs(
                address=registry.address, username=registry.username, password=password
            )
        ]
    if stored_login(registry):
        # The provider reads the file that `docker login` wrote. Its tokens expire, and must not get into the state.
        return [pulumi_docker.ProviderRegistryAuthArgs(address=registry.address)]
    return []


def is_local(client: docker_sdk.DockerClient) -> bool:
    """Whether the engine's host is this machine, so that ports published on loopback are reachable from here.

    It is not where the engine's socket is mounted into a container, or where the engine runs in a virtual machine.

    Raises:
        DockerException: when the engine does not answer.
    """
    return str(client.info().get("Name")) == socket.gethostname()


def published_host(settings: Settings) -> str:
    """The host under which a published port is reachable: a remote engine's host name, unless the port is bound to
    loopback there.
    """
    address = ip_address(settings.docker.bind_address)
    remote_host = urlsplit(settings.docker.host or "").hostname
    if remote_host and not address.is_loopback:
        return remote_host
    return "127.0.0.1" if address.is_unspecified else str(address)


def _engine_address(settings: Settings) -> str:
    return settings.docker.host or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def _root_cause(error: Exception) -> str:
    """The innermost cause. Errors of the docker package wrap up to three others around it."""
    causes = re.findall(r"\w*Error\(\d+, '([^']+)'\)", str(error))
    return cast(str, causes[-1]) if causes else str(error).splitlines()[0][:200]
