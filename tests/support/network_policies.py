"""Network policies of a program run under mocks."""

from __future__ import annotations

from typing import Any

from tests.support.program import Run

Policy = dict[str, Any]
"""Specification of a network policy."""


def policies(run: Run) -> dict[str, Policy]:
    """The specifications of the policies, without the deployment's name in front."""
    policy_inputs = [one.inputs for one in run.resources if one.options.type.endswith(":NetworkPolicy")]
    prefix = f"{run.outputs['workload']}-"
    return {one["metadata"]["name"].removeprefix(prefix): one["spec"] for one in policy_inputs}


def pods(labels: dict[str, str], namespace: str | None = None) -> dict[str, Any]:
    """A peer that is pods."""
    selector = {"podSelector": {"matchLabels": labels}} if labels else {}
    inside = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}} if namespace else {}
    return {**selector, **inside}


DNS = {
    "to": [pods({"k8s-app": "kube-dns"}, "kube-system")],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}
