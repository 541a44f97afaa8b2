"""What the edge wants of a cluster is looked for before anything is created."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from components.kubernetes.cluster import prerequisites
from components.kubernetes.cluster.prerequisites import CERT_MANAGER, GATEWAY_API, INGRESS_CLASSES, PRIORITY_CLASSES
from tests.support import configuration
from tests.support.configuration import after, at, load, merged
from tests.support.settings_tables import CLUSTER

ISSUED = at("edge", {"hosts": ["mimir.example.com"], "tls": {"mode": "certManager", "issuer": "letsencrypt"}})
GATEWAY = at("edge", {"kind": "gateway", "gateway": {"name": "public"}})
INGRESS = at("edge", {"kind": "ingress", "ingressClass": "nginx"})
PRIORITY = at("kubernetes.priorityClass", "high")
ISSUER = f"{CERT_MANAGER}/clusterissuers/letsencrypt"
HERE = f"{GATEWAY_API}/namespaces/mimir-dev/gateways/public"
CLASS = f"{INGRESS_CLASSES}/nginx"


def missing(config: dict[str, Any], *there: str, refused: str = "") -> list[Any]:
    """What a cluster with these paths does not have."""

    def get(path: str) -> dict[str, Any]:
        if path == refused:
            raise ApiException(status=403)
        if path not in there:
            raise ApiException(status=404)
        return {"kind": "Anything"}

    return list(prerequisites.missing(configuration.settings(merged(CLUSTER, config)), "mimir-dev", get))


@pytest.mark.parametrize(
    ("config", "there", "key"),
    [
        (ISSUED, [], "edge.tls.mode"),
        (ISSUED, [CERT_MANAGER], "edge.tls.issuer"),
        (GATEWAY, [], "edge.kind"),
        (GATEWAY, [GATEWAY_API], "edge.gateway.name"),
        (INGRESS, [], "edge.ingressClass"),
        (PRIORITY, [], "kubernetes.priorityClass"),
    ],
)
def test_what_is_not_there_is_a_problem_with_its_key(config: dict[str, Any], there: list[str], key: str) -> None:
    [problem] = missing(config, *there)
    assert problem.key == f"mimir:{key}"
    assert "which the cluster does not have" in problem.found
    assert problem.fix.startswith(f"pulumi config set --path 'mimir:{key}' ")


@pytest.mark.parametrize("key", ["edge.tls.issuer", "edge.gateway.name", "edge.ingressClass"])
def test_a_name_can_be_changed_as_the_problem_says(key: str) -> None:
    config, there = {
        "edge.tls.issuer": (ISSUED, CERT_MANAGER),
        "edge.gateway.name": (GATEWAY, GATEWAY_API),
        "edge.ingressClass": (INGRESS, ""),
    }[key]
    [problem] = missing(config, there)
    assert load(after(problem.fix, merged(CLUSTER, config)))


@pytest.mark.parametrize(
    ("config", "there"),
    [
        ({}, []),
        (at("edge.kind", "none"), []),
        (at("edge.tls.mode", "selfSigned"), []),
        (at("edge.kind", "ingress"), []),
        (ISSUED, [CERT_MANAGER, ISSUER]),
        (GATEWAY, [GATEWAY_API, HERE]),
        (INGRESS, [CLASS]),
        (PRIORITY, [f"{PRIORITY_CLASSES}/high"]),
    ],
)
def test_what_is_there_or_not_wanted_is_none(config: dict[str, Any], there: list[str]) -> None:
    assert missing(config, *there) == []


def test_a_gateway_of_another_namespace_is_looked_for_there() -> None:
    config = merged(GATEWAY, at("edge.gateway.namespace", "gateways"))
    assert missing(config, GATEWAY_API, f"{GATEWAY_API}/namespaces/gateways/gateways/public") == []


def test_what_may_not_be_looked_at_counts_as_there() -> None:
    assert missing(GATEWAY, GATEWAY_API, refused=HERE) == []


def test_a_cluster_that_fails_is_not_one_that_has_nothing() -> None:
    def get(_: str) -> dict[str, Any]:
        raise ApiException(status=500)

    with pytest.raises(ApiException):
        list(prerequisites.missing(configuration.settings(merged(CLUSTER, GATEWAY)), "mimir-dev", get))
