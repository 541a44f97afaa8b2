"""Labels and names that identify the resources of a deployment on an engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from components.application.application import Application

T = TypeVar("T")
Role = Literal["service", "edge", "trial"]

DEPLOYMENT = "io.mimir.deployment"
"""Label with the deployment's name."""

ROLE = "io.mimir.role"
"""Label of a running container with its role in the deployment; `trial` is a smoke test."""

STANDBY = "application"
"""Network alias of every container of the application, which the edge uses as a fallback."""


def deployment_labels(application: Application, label_type: Callable[..., T], role: Role | None = None) -> list[T]:
    """The labels of a resource of the deployment.

    Args:
        application: the application of the deployment.
        label_type: the provider's argument class for a label.
        role: role of a container that runs.
    """
    labels = {DEPLOYMENT: application.name, **({ROLE: role} if role else {})}
    return [label_type(label=label, value=value) for label, value in labels.items()]


def role_filter(application: Application, role: Role) -> dict[str, str | list[str] | bool]:
    """The engine's filter for the containers of a deployment that have a role.

    Args:
        application: the application of the deployment.
        role: the role.
    """
    return {"label": [f"{DEPLOYMENT}={application.name}", f"{ROLE}={role}"]}
