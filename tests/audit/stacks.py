"""The stacks that are judged, run under mocks."""

from __future__ import annotations

from typing import Any

from tests.support import program
from tests.support.configuration import Config, merged
from tests.support.program import Run

EDGE = {"app": "edge"}
EDGE_NAMESPACE = "edge"
DATABASES = "10.20.0.0/16"
DATABASE_PORT = 5432

MONITORING = {"app": "prometheus"}
MONITORING_NAMESPACE = "monitoring"
BARE: dict[str, Any] = {"edge": {"kind": "none"}}
"""The application alone: whoever is let in reaches it itself."""

NETWORK: dict[str, Any] = {
    "ingress": [{"namespace": EDGE_NAMESPACE, "podLabels": EDGE}],
    "egress": [{"cidr": DATABASES, "ports": [DATABASE_PORT]}],
}
EVERYTHING: dict[str, Any] = {
    "environment": {"secretVariables": {"UPSTREAM_TOKEN": program.SECRET}},
    "registry": {"address": "registry.example.com", "username": "ci", "password": program.SECRET},
    "kubernetes": {"priorityClass": "high", "pullSecrets": ["team"], "replicas": None},
    "autoscaling": {"minReplicas": 2, "maxReplicas": 5},
    "network": {**NETWORK, "monitoring": [{"namespace": MONITORING_NAMESPACE, "podLabels": MONITORING}]},
    "edge": {"port": 443, "redirectPort": 80, "hosts": ["mimir.example.com"]},
}
"""Settings under which every optional object is made."""


def prod(*more: Config) -> Run:
    """The committed stack `prod`, with `more` settings merged in."""
    return program.run(merged(program.completed("prod"), *more), "prod", overrides=program.HERE)


def ingress() -> Run:
    """As `prod`, with an Ingress in place of an edge of its own."""
    edge = {"kind": "ingress", "ingressClass": "public", "hosts": ["mimir.example.com"]}
    config = merged(program.completed("prod"), {"edge": {**edge, "authentication": {"required": False}}})
    return program.run(config, "ingress", overrides=program.HERE)


def everything() -> Run:
    """As `prod`, with every optional part, and under a name of its own: the two fit beside each other."""
    return program.run(merged(program.completed("prod"), EVERYTHING), "everything", overrides=program.HERE)
