"""Whether the edge pods find the application; each pod is checked through the API server proxy.

An edge pod stays ready when it loses its last replica, so that clients get its 503 and not a refused connection. An
available Deployment therefore does not imply that requests are served.
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
"""Text that `/started` of the edge returns with 503 while no replica is alive."""

TIMEOUT_SECONDS = 3


def pods_without(scope: Scope) -> list[str]:
    """Return the names of the edge pods that have no live replica of the application.

    A pod that cannot be checked counts as one with a replica: the user may lack `pods/proxy`, and network policies can
    block an API server that does not run on the nodes of the pods.

    Args:
        scope: the deployment.

    Returns:
        The names of the pods.

    Raises:
        ApiException: the pods cannot be listed.
    """
    selector = ",".join(f"{key}%3D{value}" for key, value in selector_of(scope.application, "edge").items())
    path = f"/api/v1/namespaces/{scope.cluster.namespace}/pods"
    pods = scope.cluster.read(f"{path}?labelSelector={selector}")["items"]
    names = [pod["metadata"]["name"] for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    return list(_without(scope.cluster.client_without_retries(), path, names))


def _without(client: Any, path: str, names: list[str]) -> Iterator[str]:
    for name in names:
        try:
            answer = api_server.ask(
                client, "GET", f"{path}/{name}:{METRICS_PORT}/proxy/started", seconds=TIMEOUT_SECONDS
            )
        except (ApiException, HTTPError, OSError):
            return  # not reachable; each further pod would take a timeout too
        if answer.status == 503 and NO_REPLICA in answer.content.decode(errors="replace"):
            yield name
