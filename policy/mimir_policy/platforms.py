"""A resource's containers, texts and endpoints, on either platform."""

from __future__ import annotations

from collections.abc import Iterable

from mimir_policy import on_docker, on_kubernetes
from mimir_policy.kubernetes_exposure import exposures as kubernetes_exposures
from mimir_policy.resource import Resource
from mimir_policy.rule import PropertyValue
from mimir_policy.texts import texts
from mimir_policy.view import Container, Exposure, Text


def containers_of(resource: Resource) -> Iterable[Container]:
    """The containers that a resource runs."""
    return on_kubernetes.containers(resource) if resource.on_kubernetes else on_docker.containers(resource)


def host_of(resource: Resource) -> Iterable[PropertyValue]:
    """What the containers of a resource use of their host."""
    return on_kubernetes.host(resource) if resource.on_kubernetes else on_docker.host(resource)


def texts_of(resource: Resource) -> Iterable[Text]:
    """The texts of a resource that must not hold a secret."""
    return texts(resource)


def exposures_of(resource: Resource) -> Iterable[Exposure]:
    """The endpoints that a resource exposes."""
    return kubernetes_exposures(resource) if resource.on_kubernetes else on_docker.exposures(resource)
