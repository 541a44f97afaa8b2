"""What a compromised application reaches from inside its pod in a cluster: nothing but what the settings opened.

Each place is asked from an unconfined pod of another namespace, too, where one may reach it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from components.edge.edge_spec import METRICS_PORT
from tests.e2e.conftest import NewClusterStack
from tests.support.e2e.assumptions import need_own_network
from tests.support.e2e.cluster import CONTEXT, OPEN, Cluster, ClusterStack
from tests.support.e2e.listener import metadata_service
from tests.support.e2e.neighbour import DENIED, NEIGHBOUR, ask, need_enforcement, pod_of, settle
from toolchain.cluster_context import BUILT

pytestmark = pytest.mark.e2e

STRANGER, SECOND = (f"e2e-{role}-{secrets.token_hex(3)}" for role in ("stranger", "second"))
KUBELET_PORT = 10250


@pytest.fixture(scope="module")
def stack(new_cluster_stack: NewClusterStack, cluster: Cluster) -> Iterator[ClusterStack]:
    """The stack whose application is compromised, with an edge, and neighbours in two namespaces without policies."""
    stack = new_cluster_stack(edge=OPEN, kubernetes={"serviceType": "ClusterIP"})
    stack.up().ok()
    for name in (STRANGER, SECOND):
        cluster.core.create_namespace({"metadata": {"name": name}})
    try:
        for name in (STRANGER, SECOND):
            settle(cluster, name, stack.outputs()["image"])
        need_enforcement(cluster, STRANGER, SECOND)
        yield stack
    finally:
        for name in (STRANGER, SECOND):
            cluster.core.delete_namespace(name)


def need_judged_nodes() -> None:
    """Skip a test of what a pod sends to its own node where the network plugin does not look at that."""
    if CONTEXT == BUILT:
        pytest.skip(
            "the toolchain's own cluster judges what its node forwards, and not what pods send to the node itself"
        )


def from_inside(stack: ClusterStack, cluster: Cluster, url: str) -> str:
    """What the application's own client says."""
    pod = stack.pods(cluster)[0]
    return ask(stack.namespace, pod.metadata.name, url)


def test_it_reaches_itself(stack: ClusterStack, cluster: Cluster) -> None:
    """Or the client would prove nothing."""
    assert from_inside(stack, cluster, "http://127.0.0.1:8080/health") == ""


@pytest.mark.parametrize("what", ["the Service", "its endpoint", "the kubelet"])
def test_it_reaches_neither_the_api_server_nor_a_kubelet(stack: ClusterStack, cluster: Cluster, what: str) -> None:
    """They speak TLS: an answer in plain text is a connection all the same."""
    need_judged_nodes()
    service = cluster.core.read_namespaced_service("kubernetes", "default").spec
    [subset, *_] = cluster.core.read_namespaced_endpoints("kubernetes", "default").subsets
    url = {
        "the Service": f"http://{service.cluster_ip}:{service.ports[0].port}/",
        "its endpoint": f"http://{subset.addresses[0].ip}:{subset.ports[0].port}/",
        "the kubelet": f"http://{next(iter(cluster.nodes.values()))}:{KUBELET_PORT}/",
    }[what]
    assert DENIED not in ask(STRANGER, NEIGHBOUR, url), "it is there"
    assert DENIED in from_inside(stack, cluster, url)


def test_it_has_no_token_for_the_api_server(stack: ClusterStack, cluster: Cluster) -> None:
    for part in ("application", "edge"):
        for pod in stack.pods(cluster, part):
            assert pod.spec.automount_service_account_token is False
            projected = [volume.projected.sources for volume in pod.spec.volumes if volume.projected]
            assert not [source for sources in projected for source in sources if source.service_account_token]


def test_it_reaches_no_metadata_service(stack: ClusterStack, cluster: Cluster) -> None:
    need_judged_nodes()
    need_own_network(cluster)
    with metadata_service() as address:
        url = f"http://{address}/latest/meta-data/"
        assert ask(STRANGER, NEIGHBOUR, url) == "", "a pod that nobody confines does"
        assert DENIED in from_inside(stack, cluster, url)


def test_it_reaches_no_neighbour(stack: ClusterStack, cluster: Cluster) -> None:
    url = f"http://{pod_of(cluster, STRANGER).status.pod_ip}:8080/health"
    assert ask(SECOND, NEIGHBOUR, url) == ""
    assert DENIED in from_inside(stack, cluster, url)


def test_it_reaches_neither_its_edge_nor_what_that_counts(stack: ClusterStack, cluster: Cluster) -> None:
    """The edge comes to the application, never the other way round. Its admin socket is in its own memory."""
    for edge in stack.pods(cluster, "edge"):
        doors = [port.container_port for port in edge.spec.containers[0].ports]
        assert METRICS_PORT in doors
        for port in doors:
            assert DENIED in from_inside(stack, cluster, f"http://{edge.status.pod_ip}:{port}/"), port
    names = [{volume.name for volume in pod.spec.volumes} for pod in (stack.pods(cluster)[0], edge)]
    own = {claim for claim in names[0] if claim in ("data", "logs", "plugins")}
    assert own.isdisjoint(names[1]), "they share no files"


def test_it_reaches_nothing_of_another_stack(
    stack: ClusterStack, cluster: Cluster, new_cluster_stack: NewClusterStack
) -> None:
    other = new_cluster_stack(edge=OPEN, kubernetes={"serviceType": "ClusterIP"})
    other.up().ok()
    [application, *_] = other.pods(cluster)
    [edge, *_] = other.pods(cluster, "edge")
    door = next(port.container_port for port in edge.spec.containers[0].ports if port.container_port != METRICS_PORT)
    assert ask(STRANGER, NEIGHBOUR, f"http://{edge.status.pod_ip}:{door}/health") == "", "its edge is for everybody"
    for url in (
        f"http://{other.outputs()['service']}/health",
        f"http://{edge.status.pod_ip}:{door}/health",
        f"http://{edge.status.pod_ip}:{METRICS_PORT}/metrics",
        f"http://{application.status.pod_ip}:8080/health",
    ):
        assert DENIED in from_inside(stack, cluster, url), url
