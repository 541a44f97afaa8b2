"""A resource as a rule sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mimir_policy.values import dig, mapping

KUBERNETES = "kubernetes:"
DOCKER = "docker:"
"""Prefixes of the type tokens of each platform."""

CONTAINER = "docker:index/container:Container"
IMAGE = "docker-build:index:Image"
VOLUME = "docker:index/volume:Volume"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
NAMESPACE = "kubernetes:core/v1:Namespace"

DEFAULT_NAMESPACE = "default"
"""The namespace of an object that sets none."""


@dataclass(frozen=True)
class Resource:
    """A resource that the program declares.

    Attributes:
        type: its type token, such as kubernetes:apps/v1:Deployment.
        name: its name in the program.
        properties: its properties, as the provider names them.
        protect: whether Pulumi refuses to delete it.
        delete_before_replace: whether it is deleted before its replacement is created; None if not set.
        urn: its URN.
    """

    type: str
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    delete_before_replace: bool | None = None
    urn: str = ""

    @property
    def kind(self) -> str:
        """The last part of its type, such as Deployment."""
        return self.type.rpartition(":")[2]

    @property
    def on_kubernetes(self) -> bool:
        """Whether it is an object of a cluster."""
        return self.type.startswith(KUBERNETES)

    @property
    def namespace(self) -> Any:
        """The namespace of an object of a cluster."""
        namespace = dig(self.properties, "metadata", "namespace")
        return DEFAULT_NAMESPACE if namespace is None else namespace

    @property
    def object_name(self) -> Any:
        """The name of an object in its cluster, where the program gives one."""
        return dig(self.properties, "metadata", "name")

    @property
    def object_labels(self) -> Mapping[str, Any]:
        """The labels of an object of a cluster."""
        return mapping(dig(self.properties, "metadata", "labels"))
