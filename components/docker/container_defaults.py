"""What every container that runs has in common: no right that it does not need, limits, rotated logs, a calm end."""

from __future__ import annotations

from typing import TypedDict

import pulumi_docker

from components.application.application import USER_ID
from components.docker.engine.engine import Engine
from components.settings import Settings

CPU_PERIOD_MICROSECONDS = 100_000
"""Time over which the kernel counts CPU use; its own default."""

REPLACED_FOR = ("healthcheck", "mounts", "tmpfs")
"""Arguments for which a running container is replaced. The provider itself reports an update, and makes none.

kreuzwerker/terraform-provider-docker: what is inside of these is not `ForceNew`, and `resourceDockerContainerUpdate`
does not know them.
"""


class Arguments(TypedDict):
    """Arguments of a container."""

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


def arguments(settings: Settings, engine: Engine, *, cpus: float, memory_mib: int, grace_seconds: int) -> Arguments:
    """The arguments that make a container harmless.

    Args:
        settings: the stack's.
        engine: what the engine can do.
        cpus: CPUs that it may use.
        memory_mib: memory that it may use, in MiB.
        grace_seconds: time before it is killed, from the moment at which it is told to end.
    """
    return {
        "user": f"{USER_ID}:{USER_ID}",
        "read_only": True,
        "capabilities": pulumi_docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        "security_opts": ["no-new-privileges:true"],
        # Not `cpus`: the provider reads 10 back as "10." and 10.05 as "10.1", and would change it for ever.
        "cpu_period": CPU_PERIOD_MICROSECONDS,
        "cpu_quota": cpu_quota(cpus),
        "memory": memory_mib,
        "memory_swap": memory_mib if engine.swap_limit else None,
        "restart": settings.docker.restart,
        "stop_timeout": grace_seconds,
        # The provider stops with this value and not with `stop_timeout`; its default, 0, kills at once.
        "destroy_grace_seconds": grace_seconds,
        "log_driver": "json-file",
        "log_opts": {
            "max-size": f"{settings.logging.max_size_mib}m",
            "max-file": str(settings.logging.max_files),
        },
    }


def cpu_quota(cpus: float) -> int:
    """The microseconds of each period for which a container may use a CPU."""
    return round(cpus * CPU_PERIOD_MICROSECONDS)
