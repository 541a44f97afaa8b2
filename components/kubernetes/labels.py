"""Labels by which everything of a deployment is found in a cluster (Kubernetes: Recommended Labels)."""

from __future__ import annotations

from components.application import Application

INSTANCE = "app.kubernetes.io/instance"
"""Label with the deployment's name."""


SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""Annotation with which the provider does not wait for an object; the rollout waits for what it needs."""


def selector_of(application: Application) -> dict[str, str]:
    """What tells the application's pods from all others; it can never change for a workload that exists."""
    return {"app.kubernetes.io/name": "mimir", INSTANCE: application.name}


def labels_of(application: Application) -> dict[str, str]:
    """The labels of everything that belongs to `application`."""
    return {**selector_of(application), "app.kubernetes.io/managed-by": "pulumi"}
