"""Labels of the objects of a deployment (Kubernetes: Recommended Labels)."""

from __future__ import annotations

from typing import Literal

from components.application.application import Application

Part = Literal["application", "edge"]
"""Parts of a deployment that have pods."""

INSTANCE = "app.kubernetes.io/instance"
"""Label with the name of the deployment."""

PART = "app.kubernetes.io/component"

SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""Annotation that makes the provider not wait for an object; the rollout waits for what it needs."""


def name_of(application: Application, part: Part) -> str:
    """Return the name of the workload of a part.

    Args:
        application: description of the application.
        part: part of the deployment.

    Returns:
        The name of its Deployment.
    """
    return application.name if part == "application" else f"{application.name}-{part}"


def selector_of(application: Application, part: Part = "application") -> dict[str, str]:
    """Return the labels that select the pods of a part. They are immutable in an existing Deployment.

    Args:
        application: description of the application.
        part: part of the deployment.

    Returns:
        The labels by key.
    """
    return {"app.kubernetes.io/name": "mimir", INSTANCE: application.name, PART: part}


def labels_of(application: Application, part: Part | None = None) -> dict[str, str]:
    """Return the labels of an object.

    Args:
        application: description of the application.
        part: part that the object belongs to; None for the whole deployment.

    Returns:
        The labels by key.
    """
    labels = {"app.kubernetes.io/name": "mimir", INSTANCE: application.name, "app.kubernetes.io/managed-by": "pulumi"}
    return {**labels, PART: part} if part else labels
