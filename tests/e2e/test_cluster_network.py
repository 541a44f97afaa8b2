"""Who reaches the application in a cluster that enforces network policies, and whom it reaches.

Every client is a pod that has been running for a while: an agent learns of a pod a moment after it has started.
"""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.cluster import CONTEXT, Cluster, ClusterStack, is_ready
from tests.e2e.conftest import NewClusterStack
from tests.e2e.stack import eventually

pytestmark = pytest.mark.e2e

DENIED = "no complete answer within"
"""What the client says of a connection whose packets are dropped."""

NEIGHBOUR = "neighbour"
EDGE, STRANGER = (f"e2e-{role}-{secrets.token_hex(3)}" for role in ("edge", "stranger"))


def neighbour(image: str) -> dict[str, Any]:
    """A pod of the application's image, which is a server and has a client in it."""
    container = {
        "name": NEIGHBOUR,
        "image": image,
        "args": ["--server", "8080"],
        "readinessProbe": {"httpGet": {"path": "/health", "port": 8080}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    user = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"metadata": {"name": NEIGHBOUR}, "spec": {"containers": [container], "securityContext": user}}


@pytest.fixture(scope="module")
def stack(new_cluster_stack: NewClusterStack, cluster: Cluster) -> Iterator[ClusterStack]:
    """A stack with its edge's namespace beside it and a stranger's, and a neighbour in each of the three."""
    stack = new_cluster_stack(kubernetes={"serviceType": "ClusterIP"}, network={"ingress": [{"namespace": EDGE}]})
    stack.up().ok()
    for name in (EDGE, STRANGER):
        cluster.core.create_namespace({"metadata": {"name": name}})
    try:
        for name in (EDGE, STRANGER, stack.namespace):
            cluster.core.create_namespaced_pod(name, neighbour(stack.outputs()["image"]))
            eventually(f"a pod in {name}", lambda name=name: is_ready(pod_of(cluster, name)), 60)  # type: ignore[misc]
        yield stack
    finally:
        for name in (EDGE, STRANGER):
            cluster.core.delete_namespace(name)


def pod_of(cluster: Cluster, namespace: str) -> Any:
    """The neighbour in a namespace."""
    return cluster.core.read_namespaced_pod_status(NEIGHBOUR, namespace)


def ask(namespace: str, pod: str, url: str) -> str:
    """Nothing when `pod` gets an answer from `url`, else what its client says."""
    command = ["kubectl", "--context", CONTEXT, "--namespace", namespace, "exec", pod, "--"]
    probe = ["/probe", "http", "--timeout", "3s", url]
    done = subprocess.run([*command, *probe], capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_its_edge_reaches_it_by_name_and_nobody_else_does(stack: ClusterStack) -> None:
    url = f"http://{stack.outputs()['service']}/health"
    assert ask(EDGE, NEIGHBOUR, url) == ""
    assert DENIED in ask(STRANGER, NEIGHBOUR, url)


def test_nobody_reaches_a_pod_past_the_service(stack: ClusterStack, cluster: Cluster) -> None:
    [pod] = [one for one in stack.pods(cluster) if one.metadata.name != NEIGHBOUR]
    url = f"http://{pod.status.pod_ip}:8080/health"
    assert ask(EDGE, NEIGHBOUR, url) == ""
    assert DENIED in ask(STRANGER, NEIGHBOUR, url)
    assert DENIED in ask(stack.namespace, NEIGHBOUR, url), "nor from its own namespace"


def test_it_reaches_only_what_is_declared(stack: ClusterStack, cluster: Cluster) -> None:
    urls = {name: f"http://{pod_of(cluster, name).status.pod_ip}:8080/health" for name in (EDGE, STRANGER)}

    def from_the_application(name: str) -> str:
        [pod] = [one for one in stack.pods(cluster) if one.metadata.name != NEIGHBOUR]
        return ask(stack.namespace, pod.metadata.name, urls[name])

    assert ask(EDGE, NEIGHBOUR, urls[STRANGER]) == "", "the stranger's server is there"
    assert DENIED in from_the_application(STRANGER)
    stack.write(network={"egress": [{"namespace": STRANGER, "ports": [8080]}]})
    stack.up().ok()
    eventually("the new policy is in force", lambda: from_the_application(STRANGER) == "", 30)
    assert DENIED in from_the_application(EDGE)
