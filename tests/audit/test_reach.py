"""Who may connect to the application, and to where it may connect: what the settings say, and DNS."""

from __future__ import annotations

import pytest

from tests.audit import manifests, stacks
from tests.audit.manifests import Manifest
from tests.audit.reach import Place, Port, connections, pod_of, port_of

DNS = Place("DNS", "10.244.0.2", "kube-system", {"k8s-app": "kube-dns"})
EDGE = Place("the edge", "10.244.0.20", stacks.EDGE_NAMESPACE, stacks.EDGE)
DATABASE = Place("a database", "10.20.1.5")
OTHERS = (
    Place("another pod of the edge's namespace", "10.244.0.21", stacks.EDGE_NAMESPACE, {"app": "other"}),
    Place("a pod that is called edge elsewhere", "10.244.0.22", "default", stacks.EDGE),
    Place("another pod of kube-system", "10.244.0.3", "kube-system", {"k8s-app": "metrics-server"}),
    Place("a pod that is called DNS elsewhere", "10.244.0.4", "default", DNS.labels),
    Place("the API server", "10.96.0.1"),
    Place("the node", "192.168.1.10"),
    Place("the cloud's metadata", "169.254.169.254"),
    Place("the internet", "198.51.100.7"),
    Place("the internet over IPv6", "2001:db8::7"),
)
PORTS = (Port(53), Port(53, "UDP"), Port(80), Port(443), Port(5432), Port(6443), Port(8080), Port(8080, "UDP"))


@pytest.fixture(scope="module")
def open_to_edge() -> list[Manifest]:
    """Stack prod with an edge that may come in, and databases that it may go to."""
    return manifests.of_run(stacks.prod({"network": stacks.NETWORK}))


def everyone(rendered: list[Manifest]) -> list[Place]:
    """All that there is but the pod itself, with two neighbours in its namespace."""
    pod = pod_of(rendered)
    neighbours = [
        Place("another pod of the application", "10.244.0.11", pod.namespace, pod.labels),
        Place("another pod of its namespace", "10.244.0.12", pod.namespace, {"app": "other"}),
    ]
    return [DNS, EDGE, DATABASE, *OTHERS, *neighbours]


def incoming(rendered: list[Manifest]) -> set[str]:
    ports = (port_of(rendered), *PORTS)
    return connections(rendered, everyone(rendered), [pod_of(rendered)], ports)


def outgoing(rendered: list[Manifest]) -> set[str]:
    return connections(rendered, [pod_of(rendered)], everyone(rendered), PORTS)


def test_nobody_connects_to_what_is_open_to_nobody(prod: list[Manifest]) -> None:
    assert incoming(prod) == set()


def test_it_connects_to_dns_and_to_nothing_else(prod: list[Manifest]) -> None:
    assert outgoing(prod) == {"the application -> DNS 53/TCP", "the application -> DNS 53/UDP"}


def test_the_edge_comes_in_at_the_applications_port_and_nobody_else(open_to_edge: list[Manifest]) -> None:
    assert incoming(open_to_edge) == {f"the edge -> the application {port_of(open_to_edge)}"}


def test_it_goes_out_to_what_the_settings_name_at_its_port(open_to_edge: list[Manifest]) -> None:
    assert outgoing(open_to_edge) == {
        "the application -> DNS 53/TCP",
        "the application -> DNS 53/UDP",
        f"the application -> a database {stacks.DATABASE_PORT}/TCP",
    }


def test_whatever_else_is_in_the_namespace_is_cut_off(open_to_edge: list[Manifest]) -> None:
    """A pod that somebody adds there gets nothing by that."""
    stranger = Place("a stranger", "10.244.0.30", pod_of(open_to_edge).namespace, {"app": "stranger"})
    others = everyone(open_to_edge)
    assert connections(open_to_edge, [stranger], others, PORTS) == set()
    assert connections(open_to_edge, others, [stranger], PORTS) == set()


def test_the_model_is_awake(prod: list[Manifest]) -> None:
    """Without policies everybody connects to everybody: the answers above are due to the policies."""
    without = [manifest for manifest in prod if manifest.kind != "NetworkPolicy"]
    assert len(outgoing(without)) == len(everyone(prod)) * len(PORTS)
    assert len(incoming(without)) == len(everyone(prod)) * len(PORTS)
