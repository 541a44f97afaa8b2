"""Labels by which everything of a deployment is found in a cluster (Kubernetes: Recommended Labels)."""

from __future__ import annotations

from typing import Literal

from components.application.application import Application

Part = Literal["application", "edge"]
"""What has pods of its own."""

INSTANCE = "app.kubernetes.io/instance"
"""Label with the deployment's name."""

PART = "app.kubernetes.io/component"

SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""Annotation with which the provider does not wait for an object; the rollout waits for what it needs."""


def name_of(application: Application, part: Part) -> str:
    """Name of the workload of a part."""
    return application.name if part == "application" else f"{application.name}-{part}"


def selector_of(application: Application, part: Part = "application") -> dict[str, str]:
    """What tells the pods of a part from all others; it can never change for a workload that exists."""
    return {"app.kubernetes.io/name": "mimir", INSTANCE: application.name, PART: part}


def labels_of(application: Application, part: Part | None = None) -> dict[str, str]:
    """The labels of everything that belongs to `application`, or to one of its parts."""
    own = {"app.kubernetes.io/name": "mimir", INSTANCE: application.name, "app.kubernetes.io/managed-by": "pulumi"}
    return {**own, PART: part} if part else own
