"""A preview says which ports an update could not publish, and makes nothing to find it out."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from docker.errors import DockerException

from components.docker.engine import engine, taken_ports
from components.settings import Settings
from tests.support.configuration import at, merged
from tests.support.fake_engine import Use

HOST = at("docker.host", "unix:///fake.sock")
TEST_NET = "192.0.2.1"
"""An address that no machine has (RFC 5737)."""


class Docker:
    """An engine on which these containers run; it is this machine's, or another's."""

    def __init__(self, *running: dict[str, Any], error: Exception | None = None) -> None:
        self.containers, self.running, self.error = self, running, error

    def list(self, sparse: bool) -> list[Any]:
        assert sparse, "one request, however many containers run"
        if self.error:
            raise self.error
        return [type("Container", (), {"attrs": attributes})() for attributes in self.running]


def container(name: str, address: str, port: int, deployment: str = "", kind: str = "tcp") -> dict[str, Any]:
    """A container that publishes a port, as the engine lists it."""
    return {
        "Names": [f"/{name}"],
        "Labels": {"io.mimir.deployment": deployment} if deployment else None,
        "Ports": [{"IP": address, "PublicPort": port, "Type": kind}, {"PrivatePort": 9090, "Type": "tcp"}],
    }


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the engine's host is this machine."""
    is_here = [False]
    monkeypatch.setattr(engine, "is_local", lambda _: is_here[0])
    return is_here


@pytest.fixture
def listening() -> Iterator[int]:
    """A port of loopback on which another program listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def problems(use: Use, docker: Docker, *configs: dict[str, Any]) -> list[str]:
    """What a preview says of the ports of stack dev."""
    use(docker)
    return [
        str(problem) for problem in taken_ports.problems(Settings.model_validate(merged(HOST, *configs)), "mimir-dev")
    ]


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_port_of_another_container_is_named_with_it(use: Use, address: str) -> None:
    [problem] = problems(use, Docker(container("web", address, 8080)))
    assert "mimir:edge.port" in problem and f"8080, which container web publishes on {address}" in problem
    assert "pulumi config set --path 'mimir:edge.port' 8081" in problem
    assert "renamed" not in problem


@pytest.mark.parametrize(
    "other",
    [
        container("web", "127.0.0.1", 8081),
        container("web", "10.0.0.5", 8080),
        container("dns", "127.0.0.1", 8080, kind="udp"),
        container("mimir-dev-edge", "127.0.0.1", 8080, "mimir-dev"),
    ],
    ids=["another port", "another address", "another protocol", "its own"],
)
def test_what_is_in_nobodys_way_is_not_named(use: Use, other: dict[str, Any]) -> None:
    assert problems(use, Docker(other)) == []


def test_a_stack_that_was_renamed_is_told_of_its_name_before(use: Use) -> None:
    """Its volumes would be new and empty, and its edge deleted first."""
    [problem] = problems(use, Docker(container("mimir-old-edge", "127.0.0.1", 8080, "mimir-old")))
    assert "pulumi stack rename old" in problem


def test_a_port_of_another_program_is_seen_on_this_machine(use: Use, here: list[bool], listening: int) -> None:
    here[0] = True
    [problem] = problems(use, Docker(), at("edge.port", listening))
    assert "mimir:edge.port" in problem and "in use" in problem


def test_on_another_machine_nothing_is_bound(use: Use, listening: int) -> None:
    assert problems(use, Docker(), at("edge.port", listening)) == []


def test_what_the_stack_itself_publishes_is_free_for_it(use: Use, here: list[bool], listening: int) -> None:
    """The engine's proxy listens there."""
    here[0] = True
    own = container("mimir-dev-edge", "127.0.0.1", listening, "mimir-dev")
    assert problems(use, Docker(own), at("edge.port", listening)) == []


def test_an_address_that_this_machine_does_not_have_is_named(use: Use, here: list[bool]) -> None:
    here[0] = True
    own = container("mimir-dev-edge", "127.0.0.1", 8080, "mimir-dev")
    for docker in (Docker(), Docker(own)):
        [problem] = problems(use, docker, at("docker.bindAddress", TEST_NET))
        assert "mimir:docker.bindAddress" in problem and f"{TEST_NET}, which the engine's host does not have" in problem


def test_an_engine_that_fails_is_not_a_problem_of_ports(use: Use) -> None:
    assert problems(use, Docker(error=DockerException("no engine"))) == []
