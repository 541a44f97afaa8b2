"""The edge of a program run under mocks, on a cluster."""

from __future__ import annotations

from typing import Any

from components.edge.haproxy import files
from tests.support import program
from tests.support.configuration import at, merged
from tests.support.monitor import Resource
from tests.support.program import Run
from tests.support.settings_tables import CLUSTER

TLS = at("edge.tls.mode", "selfSigned")


def run(*sections: dict[str, Any], preview: bool = False) -> Run:
    """A stack for a cluster that says this."""
    return program.run(merged(CLUSTER, *sections), preview=preview)


def labels(part: str, deployment: str = "mimir-dev") -> dict[str, str]:
    """What selects the pods of a part."""
    return {
        "app.kubernetes.io/name": "mimir",
        "app.kubernetes.io/instance": deployment,
        "app.kubernetes.io/component": part,
    }


def deployment(found: Run) -> dict[str, Any]:
    """The specification of the edge's workload."""
    spec: dict[str, Any] = found.one("Deployment", "mimir-edge")["spec"]
    return spec


def pod(found: Run) -> dict[str, Any]:
    """The specification of its pod."""
    spec: dict[str, Any] = deployment(found)["template"]["spec"]
    return spec


def container(found: Run) -> dict[str, Any]:
    """Its only container."""
    [one] = pod(found)["containers"]
    return dict(one)


def made(found: Run, kind: str) -> Resource:
    """The object with its files that are secret, or with the others."""
    return found.resource(kind, f"{found.outputs['edge']}-files")


def configuration(found: Run) -> str:
    """The text of haproxy.cfg."""
    return str(made(found, "ConfigMap").inputs["data"][files.CONFIGURATION])
