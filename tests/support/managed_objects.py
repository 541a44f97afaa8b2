"""A Deployment with managed fields, as the API server has it."""

from __future__ import annotations

import json
from typing import Any

from ops.ownership.managed_fields import foreign_fields

PATH = "/apis/apps/v1/namespaces/mimir-dev/deployments/mimir-dev"
OWN = "pulumi-kubernetes-0123abcd"
AT = "2026-01-01T00:00:00Z"

CONTAINER = {
    "name": "mimir",
    "image": "registry.example.com/mimir:1",
    "env": [{"name": "LEVEL", "value": "info"}],
    "ports": [{"name": "http", "containerPort": 8080}],
    "securityContext": {"readOnlyRootFilesystem": True},
}
INPUTS: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "mimir-dev", "namespace": "mimir-dev", "labels": {"team": "a"}},
    "spec": {
        "replicas": 2,
        "template": {"metadata": {"labels": {"app": "mimir"}}, "spec": {"containers": [CONTAINER]}},
    },
}
IN_CONTAINER = ("spec", "template", "spec", "containers", 0)


def owned(*fields: str | tuple[str, ...], manager: str = "kubectl-set", **more: str) -> dict[str, Any]:
    """An entry of `managedFields`, each field as the steps that lead to it."""
    tree: dict[str, Any] = {}
    for steps in fields:
        below = tree
        for step in (steps,) if isinstance(steps, str) else steps:
            below = below.setdefault(step, {})
    return {"manager": manager, "operation": "Update", "time": AT, "fieldsV1": tree, **more}


def in_container(*steps: str) -> tuple[str, ...]:
    """Steps to a field of the container."""
    return ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"mimir"}', *steps)


def live(*entries: dict[str, Any]) -> dict[str, Any]:
    """The Deployment as the stack wants it, with these entries of others beside its own."""
    made: dict[str, Any] = json.loads(json.dumps(INPUTS))
    own = owned(("f:spec", "f:replicas"), in_container("f:image"), manager=OWN)
    made["metadata"]["managedFields"] = [own, *entries]
    return made


def container(of: dict[str, Any]) -> dict[str, Any]:
    """The container of a Deployment."""
    found: dict[str, Any] = of["spec"]["template"]["spec"]["containers"][0]
    return found


def with_variable(name: str = "EXTRA") -> dict[str, Any]:
    """What `kubectl set env` makes of it."""
    item = in_container("f:env", f'k:{{"name":"{name}"}}')
    managed_object = live(owned((*item, "."), (*item, "f:name"), (*item, "f:value")))
    container(managed_object)["env"].append({"name": name, "value": "1"})
    return managed_object


def texts(of: dict[str, Any], inputs: dict[str, Any] = INPUTS) -> list[str]:
    """What is found, as it is printed."""
    return [str(field) for field in foreign_fields(of, inputs, OWN)]
