"""Defaults of every running container: least privilege, resource limits, log rotation and a graceful stop."""

from __future__ import annotations

from typing import TypedDict

import pulumi_docker

from components.application.application import USER_ID
from components.docker.engine.engine import Engine
from components.settings import Settings

CPU_PERIOD_MICROSECONDS = 100_000
"""Period of the CPU quota; the kernel's default."""

REPLACE_ON_CHANGES = ("healthcheck", "mounts", "tmpfs")
"""Arguments whose change must replace a container. The provider itself plans an update, and then changes nothing.

kreuzwerker/terraform-provider-docker: the nested attributes of these are not `ForceNew`, and
`resourceDockerContainerUpdate` does not handle them.
"""


class ContainerArguments(TypedDict):
    """The arguments of `pulumi_docker.Container` that all containers share."""

    user: str
    read_only: bool
    capabilities: pulumi_docker.ContainerCapabilitiesArgs
    security_opts: list[str]
    cpu_period: int
    cpu_quota: int
    memory: int
    memory_swap: int | None
    restart: str
    stop_timeout: int
    destroy_grace_seconds: int
    log_driver: str
    log_opts: dict[str, str]


def container_arguments(
    settings: Settings, engine: Engine, *, cpus: float, memory_mib: int, grace_seconds: int
) -> ContainerArguments:
    """The arguments that harden and limit a container.

    Args:
        settings: settings of the stack.
        engine: capabilities of the engine.
        cpus: CPU limit, in CPUs.
        memory_mib: memory limit, in MiB.
        grace_seconds: seconds between the stop signal and the kill.
    """
    return {
        "user": f"{USER_ID}:{USER_ID}",
        "read_only": True,
        "capabilities": pulumi_docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        "security_opts": ["no-new-privileges:true"],
        # Not `cpus`: the provider reads 10 back as "10." and 10.05 as "10.1", so every update would show a change.
        "cpu_period": CPU_PERIOD_MICROSECONDS,
        "cpu_quota": cpu_quota(cpus),
        "memory": memory_mib,
        "memory_swap": memory_mib if engine.swap_limit else None,
        "restart": settings.docker.restart,
        "stop_timeout": grace_seconds,
        # The provider stops the container with this timeout, not with `stop_timeout`. Its default, 0, kills at once.
        "destroy_grace_seconds": grace_seconds,
        "log_driver": "json-file",
        "log_opts": {
            "max-size": f"{settings.logging.max_size_mib}m",
            "max-file": str(settings.logging.max_files),
        },
    }


def cpu_quota(cpus: float) -> int:
    """The CPU quota for a limit of `cpus` CPUs, in microseconds per period."""
    return round(cpus * CPU_PERIOD_MICROSECONDS)
