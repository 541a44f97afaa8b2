"""Development mode: the source folder mounted, rebuilt and restarted on every save."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pulumi
import pulumi_docker

from components.application.application import Application, go_max_procs
from components.docker.labels import labels_of
from components.settings import Settings

CACHES = {"go-mod": "/go/pkg/mod", "go-build": "/cache"}
"""Volumes of the compiler, and where they are mounted (container/Dockerfile.dev)."""

COMPILER = {"memory_mib": 2048, "pids": 1024, "tmp_mib": 512, "cpus": 2.0}
"""What a Go compiler needs at least, next to the service."""


def adapt(application: Application) -> Application:
    """The application with room and time for the compiler."""
    limits = application.limits
    roomier = {name: max(getattr(limits, name), least) for name, least in COMPILER.items()}
    return replace(
        application,
        arguments=(),
        env={**application.env, "PORT": str(application.port), "GOMAXPROCS": str(go_max_procs(roomier["cpus"]))},
        limits=limits.model_copy(update=roomier),
        probe=replace(application.probe, start_period_seconds=max(application.probe.start_period_seconds, 120)),
    )


def mounts(
    settings: Settings, application: Application, opts: pulumi.ResourceOptions
) -> list[pulumi_docker.ContainerMountArgs]:
    """The source folder, read-only, and the compiler's caches."""
    source = pulumi_docker.ContainerMountArgs(
        type="bind", source=str(Path(settings.source.location).absolute()), target="/src", read_only=True
    )
    caches = [
        pulumi_docker.ContainerMountArgs(
            type="volume",
            source=pulumi_docker.Volume(
                f"cache-{name}",
                name=f"{application.name}-{name}",
                labels=labels_of(application, pulumi_docker.VolumeLabelArgs),
                opts=opts,
            ).name,
            target=path,
        )
        for name, path in CACHES.items()
    ]
    return [source, *caches]
