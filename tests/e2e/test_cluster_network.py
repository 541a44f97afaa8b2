"""Who reaches the application in a cluster that enforces network policies, and whom it reaches.

Every client is a pod that has been running for a while: an agent learns of a pod a moment after it has started.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import NewClusterStack
from tests.support.e2e.cluster import Cluster, ClusterStack
from tests.support.e2e.neighbour import DENIED, NEIGHBOUR, ask, need_enforcement, pod_of, settle
from tests.support.e2e.stack import eventually

pytestmark = pytest.mark.e2e

EDGE, STRANGER = (f"e2e-{role}-{secrets.token_hex(3)}" for role in ("edge", "stranger"))


@pytest.fixture(scope="module")
def stack(new_cluster_stack: NewClusterStack, cluster: Cluster) -> Iterator[ClusterStack]:
    """A stack with its edge's namespace beside it and a stranger's, and a neighbour in each of the three."""
    stack = new_cluster_stack(kubernetes={"serviceType": "ClusterIP"}, network={"ingress": [{"namespace": EDGE}]})
    stack.up().ok()
    for name in (EDGE, STRANGER):
        cluster.core.create_namespace({"metadata": {"name": name}})
    try:
        for name in (EDGE, STRANGER, stack.namespace):
            settle(cluster, name, stack.outputs()["image"])
        need_enforcement(cluster, EDGE, STRANGER)
        yield stack
    finally:
        for name in (EDGE, STRANGER):
            cluster.core.delete_namespace(name)


def test_its_edge_reaches_it_by_name_and_nobody_else_does(stack: ClusterStack) -> None:
    url = f"http://{stack.outputs()['service']}/health"
    assert ask(EDGE, NEIGHBOUR, url) == ""
    assert DENIED in ask(STRANGER, NEIGHBOUR, url)


def test_nobody_reaches_a_pod_past_the_service(stack: ClusterStack, cluster: Cluster) -> None:
    [pod] = stack.pods(cluster)
    url = f"http://{pod.status.pod_ip}:8080/health"
    assert ask(EDGE, NEIGHBOUR, url) == ""
    assert DENIED in ask(STRANGER, NEIGHBOUR, url)
    assert DENIED in ask(stack.namespace, NEIGHBOUR, url), "nor from its own namespace"


def test_it_reaches_only_what_is_declared(stack: ClusterStack, cluster: Cluster) -> None:
    urls = {name: f"http://{pod_of(cluster, name).status.pod_ip}:8080/health" for name in (EDGE, STRANGER)}

    def from_the_application(name: str) -> str:
        [pod] = stack.pods(cluster)
        return ask(stack.namespace, pod.metadata.name, urls[name])

    assert ask(EDGE, NEIGHBOUR, urls[STRANGER]) == "", "the stranger's server is there"
    assert DENIED in from_the_application(STRANGER)
    stack.write(network={"egress": [{"namespace": STRANGER, "ports": [8080]}]})
    stack.up().ok()
    eventually("the new policy is in force", lambda: from_the_application(STRANGER) == "", 30)
    assert DENIED in from_the_application(EDGE)
