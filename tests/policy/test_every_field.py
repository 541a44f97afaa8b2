"""Each field that the SDKs have for containers, pods, volumes and Services is judged: allowed, or refused by a rule.

The fields are read from the SDKs themselves, so that one that a new version brings along is refused until it is listed.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import pulumi_docker
import pulumi_kubernetes
import pytest
from pulumi import _types as sdk_types

from mimir_policy import allowed
from mimir_policy.allowed import Leaf
from mimir_policy.resource import Resource
from mimir_policy.rules import RULES
from tests.support.policy import recorded

DEEPEST = 8
"""Levels of fields. The deepest of a pod are on the seventh."""

core, apps, batch = pulumi_kubernetes.core.v1, pulumi_kubernetes.apps.v1, pulumi_kubernetes.batch.v1
KINDS: dict[str, tuple[type, tuple[str, ...]]] = {
    "docker:index/container:Container": (pulumi_docker.ContainerArgs, ()),
    "docker:index/volume:Volume": (pulumi_docker.VolumeArgs, ()),
    "docker:index/network:Network": (pulumi_docker.NetworkArgs, ()),
    "docker:index/remoteImage:RemoteImage": (pulumi_docker.RemoteImageArgs, ()),
    "kubernetes:core/v1:Pod": (core.PodSpecArgs, ("spec",)),
    "kubernetes:apps/v1:Deployment": (apps.DeploymentSpecArgs, ("spec",)),
    "kubernetes:apps/v1:StatefulSet": (apps.StatefulSetSpecArgs, ("spec",)),
    "kubernetes:apps/v1:DaemonSet": (apps.DaemonSetSpecArgs, ("spec",)),
    "kubernetes:batch/v1:Job": (batch.JobSpecArgs, ("spec",)),
    "kubernetes:core/v1:PersistentVolumeClaim": (core.PersistentVolumeClaimSpecArgs, ("spec",)),
    "kubernetes:core/v1:Service": (core.ServiceSpecArgs, ("spec",)),
    "kubernetes:networking.k8s.io/v1:Ingress": (pulumi_kubernetes.networking.v1.IngressSpecArgs, ("spec",)),
}
NAMES = {rule.name for rule in RULES}
WORDS = {"any", "public", "secret", "encrypted", "refused"}


def fields(model: type, path: tuple[str, ...] = (), above: tuple[type, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all fields of a type of the SDK, each before those below it."""
    types = sdk_types.input_type_types(model)
    for name in sdk_types.input_type_py_to_pulumi_names(model).values():
        yield (*path, name)
        for below in dict.fromkeys(_models(types.get(name))):
            if below not in above and len(path) < DEEPEST:
                yield from fields(below, (*path, name), (*above, model))


def _models(annotation: Any) -> Iterator[type]:
    """The types with fields in an annotation."""
    if isinstance(annotation, type) and sdk_types.is_input_type(annotation):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models(part)


def with_field(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Properties that set one field."""
    for name in reversed(path):
        value = {name: value}
    return dict(value)


def end(kind: str, path: tuple[str, ...]) -> Any:
    """What is known of a field: a tree, a leaf (of it, or of what it is below), or nothing."""
    node: Any = allowed.load()[kind]
    for name in path:
        if isinstance(node, Leaf):
            return node
        node = allowed._child(node, name) if node else None
    return node


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_known_or_refused(kind: str) -> None:
    model, above = KINDS[kind]
    paths = list(dict.fromkeys(fields(model, above)))
    assert len(paths) > 10, "the SDK's fields were not read"
    judged = {"known": 0, "refused": 0}
    for path in paths:
        node = end(kind, path)
        found = recorded.violations(Resource(kind, "other", with_field(path, "x")))
        refused = [text for rule, text in found if rule == "known-field" and "allowed: not to be set" in text]
        if node is None:
            judged["refused"] += 1
            assert refused, f"{'.'.join(path)} passes, and nothing judges it"
        elif isinstance(node, Leaf):
            judged["known"] += 1
            assert not refused or "any" in node.words, f"{'.'.join(path)} is allowed, and refused"
    assert all(judged.values()), judged


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [True, 1.0, "x", ["x"], {"x": "y"}, [{"x": {"y": "z"}}], [], {}, False, 0.0, ""])
def test_a_field_of_tomorrow_is_refused_whatever_its_value(kind: str, value: Any) -> None:
    model, above = KINDS[kind]
    for holder in {path[:-1] for path in fields(model, above)}:
        if isinstance(end(kind, holder), dict) and "*" not in end(kind, holder):
            field = with_field((*holder, "aFieldOfTomorrow"), value)
            assert "known-field" in recorded.tripped(Resource(kind, "other", field)), ".".join(holder)


def leaves(kind: str) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    """Every leaf of a kind."""

    def below(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Leaf]]:
        if isinstance(node, Leaf):
            yield path, node
        elif isinstance(node, dict):
            for name, part in node.items():
                yield from below(part, (*path, name))

    yield from below(allowed.load()[kind], ())


@pytest.mark.parametrize("kind", allowed.load())
def test_what_is_said_of_a_field_means_something(kind: str) -> None:
    for path, leaf in leaves(kind):
        assert leaf.words <= NAMES | WORDS, path
        assert bool(leaf.words) != bool(leaf.values), path


HOST_VALUES: tuple[Any, ...] = (True, "x:y", ["/x"], [{"x": "/y"}], {"x": "/y"})


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_the_rule_host_judges_is_refused_where_it_reaches_the_host(kind: str) -> None:
    for path, leaf in leaves(kind):
        if leaf.words == {"host"}:
            resources = [Resource(kind, "other", nested(kind, path, value)) for value in HOST_VALUES]
            assert any("host" in recorded.tripped(one) for one in resources), ".".join(path)


LISTS = {"containers", "initContainers", "volumes", "ports", "mounts", "networksAdvanced"}


def nested(kind: str, path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Properties that set one field, with lists where the platforms have them."""
    for index in range(len(path) - 1, -1, -1):
        name = "aVolumeOfTomorrow" if path[index] == "*" else path[index]
        value = {name: [value] if name in LISTS and not isinstance(value, list) else value}
    return dict(value)
