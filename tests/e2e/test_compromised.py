"""What a compromised application reaches from inside its container on an engine: nothing but what the settings opened.

Each place is asked from elsewhere, too: a closed door proves nothing where nobody listens.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import docker
import pytest
import requests

from components.edge.edge_spec import METRICS_PORT
from tests.e2e.conftest import NewStack
from tests.support.e2e.listener import listening, metadata_service
from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import Stack, eventually

pytestmark = pytest.mark.e2e

NO_WAY = ("no complete answer within", "refused", "no route to host", "network is unreachable")
"""What the client says where no connection comes about. Any other answer, an error of the server's too, is a way in."""


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Stack:
    """The one whose application is compromised."""
    stack = new_stack(docker={"metricsPort": free_port()})
    stack.up().ok()
    return stack


@pytest.fixture(scope="module")
def other(new_stack: NewStack) -> Stack:
    """Another one on the same engine."""
    stack = new_stack(docker={"metricsPort": free_port()})
    stack.up().ok()
    return stack


@pytest.fixture(scope="module")
def neighbour(stack: Stack, engine: docker.DockerClient) -> Iterator[Any]:
    """Somebody else's container, on a network that nobody confines, which serves and asks."""
    name = f"neighbour-{secrets.token_hex(3)}"
    network = engine.networks.create(name)
    container = engine.containers.run(
        stack.outputs()["image"], ["--server", "8080"], name=name, network=name, detach=True
    )
    try:
        url = f"http://{address_of(container)}:8080/health"
        eventually("the neighbour answers", lambda: requests.get(url, timeout=2).ok)
        yield container
    finally:
        container.remove(force=True)
        network.remove()


def address_of(container: Any) -> str:
    """The container's address on its only network."""
    container.reload()
    [network] = container.attrs["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"])


def addresses_of(container: Any) -> list[str]:
    """The container's addresses on all of its networks."""
    container.reload()
    return [network["IPAddress"] for network in container.attrs["NetworkSettings"]["Networks"].values()]


def gateways_of(container: Any, engine: docker.DockerClient) -> list[str]:
    """The engine's host, as the networks of a container have it."""
    container.reload()
    networks = [engine.networks.get(name) for name in container.attrs["NetworkSettings"]["Networks"]]
    return [one["Gateway"] for network in networks for one in network.attrs["IPAM"]["Config"] if one.get("Gateway")]


def application_of(stack: Stack, engine: docker.DockerClient) -> Any:
    """The application's container."""
    return engine.containers.get(stack.outputs()["container"])


def reaches(container: Any, url: str) -> bool:
    """Whether a process in the container gets a connection to `url`, whatever is answered there."""
    code, output = container.exec_run(["/probe", "http", "--timeout", "3s", url])
    text = output.decode()
    assert code in (0, 1), text
    return code == 0 or not any(reason in text for reason in NO_WAY)


def test_it_reaches_itself(stack: Stack, engine: docker.DockerClient) -> None:
    """Or the client would prove nothing."""
    port = stack.config["environment"]["port"]
    assert reaches(application_of(stack, engine), f"http://127.0.0.1:{port}/health")


def test_it_reaches_no_service_of_the_host(stack: Stack, engine: docker.DockerClient, neighbour: Any) -> None:
    """Such as an engine's API on TCP, or a database of the machine, at whatever address the host has."""
    application = application_of(stack, engine)
    [outside] = gateways_of(neighbour, engine)
    with listening() as port:
        assert reaches(neighbour, f"http://{outside}:{port}/"), "the host's service is there"
        assert not reaches(application, f"http://{outside}:{port}/")


def test_it_reaches_no_metadata_service(stack: Stack, engine: docker.DockerClient, neighbour: Any) -> None:
    with metadata_service() as address:
        url = f"http://{address}/latest/meta-data/"
        assert reaches(neighbour, url), "a container that nobody confines does"
        assert not reaches(application_of(stack, engine), url)


def test_it_reaches_no_neighbour(stack: Stack, engine: docker.DockerClient, neighbour: Any) -> None:
    url = f"http://{address_of(neighbour)}:8080/health"
    assert requests.get(url, timeout=5).ok
    assert not reaches(application_of(stack, engine), url)


def test_it_reaches_nothing_of_another_stack(stack: Stack, other: Stack, engine: docker.DockerClient) -> None:
    application, edge = application_of(stack, engine), engine.containers.get(other.outputs()["edge"])
    assert requests.get(f"{other.behind()}/health", timeout=5).ok
    urls = [f"{other.behind()}/health"]
    port = other.config["environment"]["port"]
    for address in addresses_of(edge):
        urls += [f"http://{address}:{port}/health", f"http://{address}:{METRICS_PORT}/metrics"]
    for gateway in gateways_of(application, engine):
        urls += [f"http://{gateway}:{one}/" for one in (port, other.config["docker"]["metricsPort"])]
    assert [url for url in urls if reaches(application, url)] == []


def test_it_has_neither_the_edges_files_and_sockets_nor_the_engines(stack: Stack, engine: docker.DockerClient) -> None:
    """The edge's admin socket is in its own memory; sockets without a name belong to a network namespace."""
    application, edge = application_of(stack, engine), engine.containers.get(stack.outputs()["edge"])
    sources = {mount.get("Name") or mount["Source"] for mount in application.attrs["Mounts"]}
    assert sources.isdisjoint(mount.get("Name") or mount["Source"] for mount in edge.attrs["Mounts"])
    assert {mount["Type"] for mount in application.attrs["Mounts"]} == {"volume"}, "nothing of the host"
    host = application.attrs["HostConfig"]
    assert not host["Devices"] and not host["VolumesFrom"]
    shared = [host[name] for name in ("PidMode", "IpcMode", "UTSMode", "UsernsMode", "NetworkMode")]
    assert [mode for mode in shared if mode.startswith(("host", "container:"))] == []
