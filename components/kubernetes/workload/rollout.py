"""Checks that all pods of a Deployment are of its current version and available, read from the cluster itself.

For the edge, also that its pods find the application; without it they answer every request with 503.

The provider (v4) may report an update as complete in the same second, because it can read the status from before the
update. So every update ends with this check, even one without changes.
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
    """Raised when the pods of the current version are not available in time; the message has the cause."""


def require(scope: Scope, part: Part, since: float | None = None) -> None:
    """Wait until every pod of `part` is of the current version and available, and finds the application.

    The rule is the one of `kubectl rollout status` (kubectl/pkg/polymorphichelpers, DeploymentStatusViewer).

    Args:
        scope: the deployment.
        part: part that the Deployment belongs to.
        since: start of the update, from `time.monotonic()`; None if there was nothing to update.

    Raises:
        RolloutError: `kubernetes.rolloutSeconds` have passed, the cluster has given up the rollout, or the status
            cannot be read.
    """
    deadline = (since or time.monotonic()) + scope.settings.kubernetes.rollout_seconds
    while True:
        try:
            deployment, complete, isolated = _look(scope, part)
        except (ApiException, HTTPError, OSError, ValueError) as error:
            raise RolloutError(f"The cluster does not tell whether the rollout is complete: {error}") from error
        if complete and not isolated:
            return
        if is_given_up(deployment) or time.monotonic() > deadline:
            raise RolloutError(_no_replica(scope, isolated) if isolated else rollout_failure.report(scope, part))
        time.sleep(POLL_SECONDS)


def warn(scope: Scope, part: Part) -> None:
    """Warn in a preview about a rollout that is not complete; otherwise an update without changes might be skipped.

    Args:
        scope: the deployment.
        part: part that the Deployment belongs to.
    """
    try:
        _, complete, isolated = _look(scope, part)
    except (ApiException, HTTPError, OSError, ValueError):
        return  # the update reports the error
    if isolated:
        pulumi.log.warn(NOT_COMPLETE + _no_replica(scope, isolated))
    elif not complete:
        name = name_of(scope.application, part)
        text = f"workload {name}: not every pod is of the current version and available. An update waits for that."
        pulumi.log.warn(NOT_COMPLETE + text)


def _look(scope: Scope, part: Part) -> tuple[dict[str, Any], bool, list[str]]:
    """Return the Deployment, whether its rollout is complete, and the edge pods without a live replica."""
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
    """Check whether all pods of a Deployment (a JSON object of the API) are of its current version and available."""
    status = deployment.get("status") or {}
    updated = status.get("updatedReplicas", 0)
    return bool(
        _is_observed(deployment)
        and updated >= deployment["spec"].get("replicas", 1)
        and status.get("replicas", 0) <= updated <= status.get("availableReplicas", 0)
    )


def is_given_up(deployment: dict[str, Any]) -> bool:
    """Check whether the current version has exceeded `progressDeadlineSeconds`."""
    conditions = (deployment.get("status") or {}).get("conditions") or []
    return _is_observed(deployment) and any(condition.get("reason") == EXCEEDED for condition in conditions)


def _is_observed(deployment: dict[str, Any]) -> bool:
    """Check whether the status is of the current generation."""
    observed = (deployment.get("status") or {}).get("observedGeneration", 0)
    return bool(observed >= deployment["metadata"]["generation"])
