"""Labels by which everything of a deployment is found on an engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from components.application import Application

T = TypeVar("T")


DEPLOYMENT = "io.mimir.deployment"
"""Label with the deployment's name."""


def labels_of(application: Application, label: Callable[..., T]) -> list[T]:
    """The labels of `application`, each made with the provider's argument class `label`."""
    return [label(label=DEPLOYMENT, value=application.name)]
