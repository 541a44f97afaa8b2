"""Labels and names by which everything of a deployment is found on an engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from components.application.application import Application

T = TypeVar("T")
Role = Literal["service", "edge", "trial"]

DEPLOYMENT = "io.mimir.deployment"
"""Label with the deployment's name."""

ROLE = "io.mimir.role"
"""Label of a container that runs: what it is in the deployment."""

STANDBY = "application"
"""Name that every container of the application has in the network, for an edge to fall back to."""


def labels_of(application: Application, label: Callable[..., T], role: Role | None = None) -> list[T]:
    """The labels of `application`, each made with the provider's argument class `label`."""
    return [
        label(label=DEPLOYMENT, value=application.name),
        *([label(label=ROLE, value=role)] if role else []),
    ]


def filters_of(application: Application, role: Role) -> dict[str, str | list[str] | bool]:
    """The engine's filter for the containers of `application` that are in `role`."""
    return {"label": [f"{DEPLOYMENT}={application.name}", f"{ROLE}={role}"]}
