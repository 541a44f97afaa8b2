"""Whether a Deployment's pods are all of its current version, and available: asked of the cluster itself.

And whether those of the edge find the application, without which they answer every request with 503.

The provider (v4) may call an update done in the same second: it can take the status from before the update for that of
the update. So every update ends with this, also one that changes nothing.
"""

from __future__ import annotations

import time
from typing import Any

import pulumi
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from components.constants import NOT_COMPLETE
from components.kubernetes.labels import Part, name_of
from components.kubernetes.scope import Scope
from components.kubernetes.workload import edge_replicas, rollout_failure

POLL_SECONDS = 0.5
EXCEEDED = "ProgressDeadlineExceeded"


class RolloutError(pulumi.RunError):
    """Raised when the pods of the current version are not available in time; the message says why."""


def require(scope: Scope, part: Part, since: float | None = None) -> None:
    """Wait until every pod of `part` is of the current version, and available, and finds the application.

    The rule is that of `kubectl rollout status` (kubectl/pkg/polymorphichelpers, DeploymentStatusViewer).

    Args:
        scope: the deployment.
        part: whose Deployment it is.
        since: when its update began, by `time.monotonic()`; None where there was nothing to update.

    Raises:
        RolloutError: `kubernetes.rolloutSeconds` after that, or as soon as the cluster has given the rollout up.
    """
    deadline = (since or time.monotonic()) + scope.settings.kubernetes.rollout_seconds
    while True:
        try:
            deployment, complete, without = _look(scope, part)
        except (ApiException, HTTPError, OSError, ValueError) as error:
            raise RolloutError(f"The cluster does not tell whether the rollout is complete: {error}") from error
        if complete and not without:
            return
        if is_given_up(deployment) or time.monotonic() > deadline:
            raise RolloutError(_no_replica(scope, without) if without else rollout_failure.report(scope, part))
        time.sleep(POLL_SECONDS)


def warn(scope: Scope, part: Part) -> None:
    """Warn, in a preview, of what an update would wait for; without this an update without a change could be left out.

    Args:
        scope: the deployment.
        part: whose Deployment it is.
    """
    try:
        _, complete, without = _look(scope, part)
    except (ApiException, HTTPError, OSError, ValueError):
        return  # an update says what is wrong
    if without:
        pulumi.log.warn(NOT_COMPLETE + _no_replica(scope, without))
    elif not complete:
        name = name_of(scope.application, part)
        text = f"workload {name}: not every pod is of the current version and available. An update waits for that."
        pulumi.log.warn(NOT_COMPLETE + text)


def _look(scope: Scope, part: Part) -> tuple[dict[str, Any], bool, list[str]]:
    """The Deployment of `part`, whether its pods are complete, and those pods of an edge without a live replica."""
    name = name_of(scope.application, part)
    deployment = scope.cluster.read(f"/apis/apps/v1/namespaces/{scope.cluster.namespace}/deployments/{name}")
    complete = is_complete(deployment)
    return deployment, complete, edge_replicas.pods_without(scope) if complete and part == "edge" else []


def _no_replica(scope: Scope, pods: list[str]) -> str:
    kubectl, namespace = scope.cluster.access.kubectl, scope.cluster.namespace
    return (
        f"These pods of the edge have no live replica of the application, and answer every request with 503: "
        f"{', '.join(pods)}. The edge finds replicas by the cluster's DNS, and keeps those that pass its checks "
        f"(mimir:probe.path).\n"
        f"  replicas    {kubectl} --namespace {namespace} get endpointslices\n"
        f"  checks      {kubectl} --namespace {namespace} logs {pods[0]}\n"
        f"  DNS         {kubectl} --namespace kube-system get pods --selector k8s-app=kube-dns\n"
        f"  policies    {kubectl} --namespace {namespace} get networkpolicies"
    )


def is_complete(deployment: dict[str, Any]) -> bool:
    """Whether all pods of a Deployment, as the API has it, are of its current version and available."""
    status = deployment.get("status") or {}
    updated = status.get("updatedReplicas", 0)
    return bool(
        _is_observed(deployment)
        and updated >= deployment["spec"].get("replicas", 1)
        and status.get("replicas", 0) <= updated <= status.get("availableReplicas", 0)
    )


def is_given_up(deployment: dict[str, Any]) -> bool:
    """Whether the cluster has noted that the current version makes no progress (`progressDeadlineSeconds`)."""
    conditions = (deployment.get("status") or {}).get("conditions") or []
    return _is_observed(deployment) and any(condition.get("reason") == EXCEEDED for condition in conditions)


def _is_observed(deployment: dict[str, Any]) -> bool:
    """Whether the status is that of the current version."""
    observed = (deployment.get("status") or {}).get("observedGeneration", 0)
    return bool(observed >= deployment["metadata"]["generation"])
