"""Whether the edge's pods find the application: asked of each pod, through the API server's proxy.

A pod of the edge stays ready when it loses its last replica, so that clients get its own 503 and not a refused
connection. So a Deployment that is available does not say that requests are served.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from components.edge.edge_spec import METRICS_PORT
from components.kubernetes.cluster import api_server
from components.kubernetes.labels import selector_of
from components.kubernetes.scope import Scope

NO_REPLICA = "no replica yet"
"""What `/started` of the edge answers, with 503, as long as nothing behind it is alive."""

TIMEOUT_SECONDS = 3


def pods_without(scope: Scope) -> list[str]:
    """The names of the edge's pods that have no live replica of the application.

    A pod that cannot be asked counts as one that has: not everybody may use `pods/proxy`, and where the API server is
    not on the pods' nodes, network policies can keep it out.

    Args:
        scope: the deployment.

    Raises:
        ApiException: the pods cannot be listed.
    """
    selector = ",".join(f"{key}%3D{value}" for key, value in selector_of(scope.application, "edge").items())
    path = f"/api/v1/namespaces/{scope.cluster.namespace}/pods"
    listed = scope.cluster.read(f"{path}?labelSelector={selector}")["items"]
    names = [pod["metadata"]["name"] for pod in listed if not pod["metadata"].get("deletionTimestamp")]
    return list(_without(scope.cluster.client_without_retries(), path, names))


def _without(client: Any, path: str, names: list[str]) -> Iterator[str]:
    for name in names:
        try:
            answer = api_server.ask(
                client, "GET", f"{path}/{name}:{METRICS_PORT}/proxy/started", seconds=TIMEOUT_SECONDS
            )
        except (ApiException, HTTPError, OSError):
            return  # the way is closed, and each further pod would take as long to say so
        if answer.status == 503 and NO_REPLICA in answer.content.decode(errors="replace"):
            yield name
