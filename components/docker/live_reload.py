"""Development mode: the source folder is mounted, and the application is rebuilt and restarted on every save."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pulumi
import pulumi_docker

from components.application.application import Application, go_max_procs
from components.docker.labels import deployment_labels
from components.settings import Settings

CACHES = {"go-mod": "/go/pkg/mod", "go-build": "/cache"}
"""Cache volumes of the Go compiler and their mount paths (container/Dockerfile.dev)."""

COMPILER = {"memory_mib": 2048, "pids": 1024, "tmp_mib": 512, "cpus": 2.0}
"""Minimum limits of a container that also runs the Go compiler."""


def adapt(application: Application) -> Application:
    """The application with limits and a start period that suffice for the compiler."""
    limits = application.limits
    raised_limits = {name: max(getattr(limits, name), minimum) for name, minimum in COMPILER.items()}
    return replace(
        application,
        arguments=(),
        env={**application.env, "PORT": str(application.port), "GOMAXPROCS": str(go_max_procs(raised_limits["cpus"]))},
        limits=limits.model_copy(update=raised_limits),
        probe=replace(application.probe, start_period_seconds=max(application.probe.start_period_seconds, 120)),
    )


def mounts(
    settings: Settings, application: Application, opts: pulumi.ResourceOptions
) -> list[pulumi_docker.ContainerMountArgs]:
    """The read-only mount of the source folder, and the mounts of the compiler's caches.

    Args:
        settings: settings of the stack.
        application: the application to deploy.
        opts: resource options of the cache volumes.
    """
    source = pulumi_docker.ContainerMountArgs(
        type="bind", source=str(Path(settings.source.location).absolute()), target="/src", read_only=True
    )
    caches = [
        pulumi_docker.ContainerMountArgs(
            type="volume",
            source=pulumi_docker.Volume(
                f"cache-{name}",
                name=f"{application.name}-{name}",
                labels=deployment_labels(application, pulumi_docker.VolumeLabelArgs),
                opts=opts,
            ).name,
            target=path,
        )
        for name, path in CACHES.items()
    ]
    return [source, *caches]
