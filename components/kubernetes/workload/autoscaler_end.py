"""Disabling the autoscaler: the number of pods comes from the settings again.

The autoscaler owns `spec.replicas` (its field manager is the controller manager), so a server-side apply of another
number would be a conflict. It would also continue to scale: Pulumi deletes it only after the Deployment is updated. So
it is deleted first, with its entry in `metadata.managedFields`. A number set by a person remains a conflict.
"""

from __future__ import annotations

from typing import Any

import pulumi
from kubernetes.client.exceptions import ApiException

from components.kubernetes.cluster.api_server import JSON_PATCH
from components.kubernetes.labels import Part, name_of
from components.kubernetes.scope import Scope

CONTROLLER = "kube-controller-manager"
SCALE = "scale"


def hook(name: str, scope: Scope, part: Part) -> pulumi.ResourceHook:
    """Create a hook that runs before the update of a Deployment with a fixed number of pods.

    Args:
        name: prefix of the name of the hook.
        scope: the deployment.
        part: part that the Deployment belongs to.

    Returns:
        The hook.
    """
    return pulumi.ResourceHook(f"{name}-autoscaler-end", lambda _: end(scope, part))


def end(scope: Scope, part: Part) -> None:
    """Delete the autoscaler and its ownership of the number of pods, if it has scaled the Deployment.

    Args:
        scope: the deployment.
        part: part that the Deployment belongs to.

    Raises:
        ApiException: the API server refuses a request. The Deployment is not updated yet.
    """
    cluster, name = scope.cluster, name_of(scope.application, part)
    path = f"/apis/apps/v1/namespaces/{cluster.namespace}/deployments/{name}"
    try:
        entries: list[dict[str, Any]] = cluster.read(path)["metadata"].get("managedFields") or []
    except ApiException as error:
        if error.status == 404:
            return
        raise
    scaled = [number for number, entry in enumerate(entries) if is_autoscalers(entry)]
    if not scaled:
        return
    try:
        cluster.send("DELETE", f"/apis/autoscaling/v2/namespaces/{cluster.namespace}/horizontalpodautoscalers/{name}")
    except ApiException as error:
        if error.status != 404:
            raise
    patch: list[dict[str, Any]] = []
    for number in reversed(scaled):
        entry = f"/metadata/managedFields/{number}"
        patch += [{"op": "test", "path": f"{entry}/manager", "value": CONTROLLER}, {"op": "remove", "path": entry}]
    cluster.send("PATCH", path, patch, JSON_PATCH)


def is_autoscalers(entry: dict[str, Any]) -> bool:
    """Check whether an entry of managedFields belongs to an autoscaler that set the number of pods."""
    return entry.get("manager") == CONTROLLER and entry.get("subresource") == SCALE
