"""The platform that a stack names. Only its own libraries are loaded: each of them takes a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

import pulumi

from components.application.application import Application
from components.constants import UPDATE_WOULD_FAIL
from components.problems import Problem
from components.settings import Settings

if TYPE_CHECKING:
    from components.docker.deployment import DockerDeployment
    from components.docker.engine.engine import Engine
    from components.kubernetes.cluster.cluster import Cluster
    from components.kubernetes.deployment import KubernetesDeployment

Platform = Union["Engine", "Cluster"]


def inspect_platform(settings: Settings, stack: str) -> Platform | list[Problem]:
    """The engine or the cluster, or everything because of which it cannot be used."""
    if settings.platform == "kubernetes":
        from components.kubernetes.cluster import cluster

        return cluster.inspect_cluster(settings, stack)
    from components.docker.engine import engine, ports, taken_ports

    found, deployment = engine.inspect_engine(settings), f"mimir-{stack}"
    if isinstance(found, list):
        return found
    if pulumi.runtime.is_dry_run():  # which makes nothing on the engine, not even for a moment
        for problem in taken_ports.problems(settings, deployment):
            pulumi.log.warn(f"{UPDATE_WOULD_FAIL}{problem}")
        return found
    return taken_ports.container_conflicts(settings, deployment) or ports.problems(settings, deployment) or found


def deploy(
    name: str, settings: Settings, application: Application, on: Platform, image: pulumi.Input[str]
) -> DockerDeployment | KubernetesDeployment:
    """Deploy `application`, from `image`, on what `look` has found."""
    if settings.platform == "kubernetes":
        from components.kubernetes.cluster.cluster import Cluster
        from components.kubernetes.deployment import KubernetesDeployment

        assert isinstance(on, Cluster)
        return KubernetesDeployment(name, settings, application, on, image)
    from components.docker.deployment import DockerDeployment
    from components.docker.engine.engine import Engine

    assert isinstance(on, Engine)
    return DockerDeployment(name, settings, application, on, image)
