"""Selects the platform of a stack. Only the libraries of that platform are loaded: each takes a second."""

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
    """Inspect the engine or the cluster.

    Args:
        settings: settings of the stack.
        stack: name of the stack.

    Returns:
        The platform, or every problem that prevents a deployment on it.
    """
    if settings.platform == "kubernetes":
        from components.kubernetes.cluster import cluster

        return cluster.inspect_cluster(settings, stack)
    from components.docker.engine import engine, ports, taken_ports

    inspected, deployment = engine.inspect_engine(settings), f"mimir-{stack}"
    if isinstance(inspected, list):
        return inspected
    if pulumi.runtime.is_dry_run():  # a preview creates nothing on the engine, not even temporarily
        for problem in taken_ports.problems(settings, deployment):
            pulumi.log.warn(f"{UPDATE_WOULD_FAIL}{problem}")
        return inspected
    return taken_ports.container_conflicts(settings, deployment) or ports.problems(settings, deployment) or inspected


def deploy(
    name: str, settings: Settings, application: Application, on: Platform, image: pulumi.Input[str]
) -> DockerDeployment | KubernetesDeployment:
    """Deploy `application`.

    Args:
        name: logical name of the component.
        settings: settings of the stack.
        application: description of the application.
        on: platform that `inspect_platform` returned.
        image: reference of the image.
    """
    if settings.platform == "kubernetes":
        from components.kubernetes.cluster.cluster import Cluster
        from components.kubernetes.deployment import KubernetesDeployment

        assert isinstance(on, Cluster)
        return KubernetesDeployment(name, settings, application, on, image)
    from components.docker.deployment import DockerDeployment
    from components.docker.engine.engine import Engine

    assert isinstance(on, Engine)
    return DockerDeployment(name, settings, application, on, image)
