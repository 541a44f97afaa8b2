"""Who may connect to the application and its edge, and to where they may connect: what the settings say, and DNS."""

from __future__ import annotations

import pytest

from tests.audit import manifests, stacks
from tests.audit.destinations import DNS, OTHERS, PORTS
from tests.audit.manifests import Manifest
from tests.audit.reach import Destination, connections, pod_of, port_of, ports_of

EDGE = Destination("a foreign edge", "10.244.0.20", stacks.EDGE_NAMESPACE, stacks.EDGE)
MONITORING = Destination("monitoring", "10.244.0.25", stacks.MONITORING_NAMESPACE, stacks.MONITORING)
DATABASE = Destination("a database", "10.20.1.5")


@pytest.fixture(scope="module")
def everything() -> list[Manifest]:
    """A stack whose edge is for a foreign edge's pods, with monitoring, and with databases that it may go to."""
    return manifests.of_run(stacks.everything())


@pytest.fixture(scope="module")
def bare() -> list[Manifest]:
    """Stack prod without an edge, open to nobody."""
    return manifests.of_run(stacks.prod(stacks.BARE))


@pytest.fixture(scope="module")
def bare_and_open() -> list[Manifest]:
    """Stack prod without an edge of its own, open to a foreign one."""
    return manifests.of_run(stacks.prod(stacks.BARE, {"network": stacks.NETWORK}))


def everyone(rendered: list[Manifest]) -> list[Destination]:
    """All that there is but the pods themselves, with two neighbours in their namespace."""
    pod = pod_of(rendered)
    neighbours = [
        Destination("another pod of the application", "10.244.0.11", pod.namespace, pod.labels),
        Destination("another pod of its namespace", "10.244.0.12", pod.namespace, {"app": "other"}),
    ]
    return [DNS, EDGE, MONITORING, DATABASE, *OTHERS, *neighbours]


def strangers(rendered: list[Manifest]) -> list[Destination]:
    """Everyone outside of the deployment's namespace, in which nobody may go anywhere."""
    return [place for place in everyone(rendered) if place.namespace != pod_of(rendered).namespace]


def incoming(rendered: list[Manifest], part: str = "application") -> set[str]:
    ports = {*ports_of(rendered, part).values(), *PORTS}
    return connections(rendered, everyone(rendered), [pod_of(rendered, part)], ports)


def outgoing(rendered: list[Manifest], part: str = "application") -> set[str]:
    return connections(rendered, [pod_of(rendered, part)], everyone(rendered), PORTS)


NAMES = {"the {} -> DNS 53/TCP", "the {} -> DNS 53/UDP"}


def names(part: str) -> set[str]:
    """Looking names up."""
    return {one.format(part) for one in NAMES}


def test_nobody_connects_to_what_is_open_to_nobody(bare: list[Manifest]) -> None:
    assert incoming(bare) == set()


def test_whoever_may_come_in_comes_in_at_the_applications_port(bare_and_open: list[Manifest]) -> None:
    assert incoming(bare_and_open) == {f"a foreign edge -> the application {port_of(bare_and_open)}"}


def test_the_application_connects_to_dns_and_to_nothing_else(prod: list[Manifest]) -> None:
    assert outgoing(prod) == names("application")


def test_it_goes_out_to_what_the_settings_name_at_its_port(everything: list[Manifest]) -> None:
    assert outgoing(everything) == {
        *names("application"),
        f"the application -> a database {stacks.DATABASE_PORT}/TCP",
    }


@pytest.mark.parametrize("stack", ["prod", "everything"])
def test_nobody_but_the_edge_reaches_the_application(stack: str, request: pytest.FixtureRequest) -> None:
    rendered: list[Manifest] = request.getfixturevalue(stack)
    assert incoming(rendered) == set()
    edge, application = pod_of(rendered, "edge"), pod_of(rendered)
    reached = connections(rendered, [edge], [application], {port_of(rendered), *PORTS})
    assert reached == {f"the edge -> the application {port_of(rendered)}"}


def test_the_edge_is_everybodys_unless_the_settings_say_whose(prod: list[Manifest]) -> None:
    assert incoming(prod, "edge") == {f"{one.name} -> the edge 8443/TCP" for one in strangers(prod)}


def test_the_edge_is_for_whom_the_settings_name_and_its_metrics_for_monitoring(everything: list[Manifest]) -> None:
    doors = {str(port) for name, port in ports_of(everything, "edge").items() if name not in ("metrics", "probes")}
    assert doors == {"8443/TCP", "8080/TCP"}
    assert incoming(everything, "edge") == {
        *(f"a foreign edge -> the edge {door}" for door in doors),
        "monitoring -> the edge 9090/TCP",
    }


@pytest.mark.parametrize("stack", ["prod", "everything"])
def test_the_edge_goes_nowhere_but_to_the_application(stack: str, request: pytest.FixtureRequest) -> None:
    rendered: list[Manifest] = request.getfixturevalue(stack)
    own = {f"the edge -> another pod of the application {port_of(rendered)}"}
    assert outgoing(rendered, "edge") == names("edge") | own


def test_neither_part_connects_to_its_own_kind(everything: list[Manifest]) -> None:
    twin = Destination(
        "another edge", "10.244.0.16", pod_of(everything, "edge").namespace, pod_of(everything, "edge").labels
    )
    assert connections(everything, [pod_of(everything, "edge")], [twin], PORTS) == set()


def test_whatever_else_is_in_the_namespace_is_cut_off(everything: list[Manifest]) -> None:
    """A pod that somebody adds there gets nothing by that."""
    stranger = Destination("a stranger", "10.244.0.30", pod_of(everything).namespace, {"app": "stranger"})
    others = [*everyone(everything), pod_of(everything, "edge")]
    assert connections(everything, [stranger], others, PORTS) == set()
    assert connections(everything, others, [stranger], PORTS) == set()


def test_the_model_is_awake(prod: list[Manifest]) -> None:
    """Without policies everybody connects to everybody: the answers above are due to the policies."""
    without = [manifest for manifest in prod if manifest.kind != "NetworkPolicy"]
    assert len(outgoing(without)) == len(everyone(prod)) * len(PORTS)
    assert len(incoming(without)) == len(everyone(prod)) * len(PORTS)
