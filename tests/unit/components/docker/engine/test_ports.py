"""A port is tried before what has another one is removed for it; what runs goes on when it cannot be published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from docker.errors import APIError, DockerException

from components import platform
from components.constants import UPDATE_WOULD_FAIL
from components.docker.engine import engine, ports, taken_ports
from components.docker.engine.engine import Engine
from components.settings import Settings
from tests.support.configuration import at, merged
from tests.support.fake_engine import Use

HOST = at("docker.host", "unix:///fake.sock")
TAKEN = "driver failed programming external connectivity: Bind for 127.0.0.1:9000 failed: port is already allocated"
IN_USE = "failed to bind host port 127.0.0.1:9000/tcp: address already in use"
NO_ADDRESS = "failed to bind host port for 10.9.9.9::172.18.0.3:8080/tcp: cannot assign requested address"


class Container:
    """The edge that runs, with a port published on loopback."""

    def __init__(self, *published: int) -> None:
        self.labels = {"io.mimir.deployment": "mimir-dev", "io.mimir.role": "edge"}
        bound = {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}] for port in published}
        self.attrs = {
            "HostConfig": {"PortBindings": bound or None, "NetworkMode": "mimir-dev"},
            "Config": {"User": "65532:65532"},
            "Image": "sha256:1",
            "Path": "haproxy",
        }


class Docker:
    """An engine on which these containers run, and which refuses to publish with these words."""

    def __init__(self, *running: Container, refusal: str = "") -> None:
        self.containers = self
        self.running, self.refusal = running, refusal
        self.tried: list[Mapping[str, Any]] = []
        self.removed = 0

    def list(self, filters: dict[str, Any]) -> tuple[Container, ...]:
        assert filters == {"label": ["io.mimir.deployment=mimir-dev", "io.mimir.role"]}
        return self.running

    def create(self, image: str, **how: Any) -> Docker:
        self.tried.append({"image": image, **how})
        return self

    def start(self) -> None:
        if self.refusal:
            raise APIError("500 Server Error", explanation=self.refusal)

    def remove(self, force: bool) -> None:
        self.removed += force


def problems(use: Use, docker: Docker, *configs: dict[str, Any]) -> list[str]:
    """What is in the way of a stack, by its keys."""
    use(docker)
    settings = Settings.model_validate(merged(HOST, *configs))
    return [f"{problem.key}: {problem.found}; {problem.fix}" for problem in ports.problems(settings, "mimir-dev")]


def test_a_port_that_its_own_edge_holds_is_not_tried(use: Use) -> None:
    docker = Docker(Container(8080), refusal=TAKEN)
    assert problems(use, docker) == []
    assert docker.tried == []


def test_another_port_is_tried_as_the_edge_would_have_it_and_nothing_is_left(use: Use) -> None:
    docker = Docker(Container(8080))
    assert problems(use, docker, at("edge.port", 9000)) == []
    [how] = docker.tried
    assert how["ports"] == {"8080/tcp": ("127.0.0.1", 9000)}
    assert (how["image"], how["entrypoint"], how["network"]) == ("sha256:1", ["haproxy"], "mimir-dev")
    assert docker.removed == 1


@pytest.mark.parametrize("words", [TAKEN, IN_USE])
def test_a_port_that_is_taken_is_named_with_its_setting(use: Use, words: str) -> None:
    docker = Docker(Container(8080), refusal=words)
    [problem] = problems(use, docker, at("edge.port", 9000))
    assert problem.startswith("mimir:edge.port: 9000, which the engine cannot publish on 127.0.0.1 (")
    assert words.rsplit(": ", 1)[-1] in problem
    assert problem.endswith("pulumi config set --path 'mimir:edge.port' 9001")
    assert docker.removed == 1


def test_the_default_port_is_chosen_by_the_edges_own_setting(use: Use) -> None:
    """As when a stack file is emptied that had another one."""
    [problem] = problems(use, Docker(Container(7070), refusal=IN_USE))
    assert problem.startswith("mimir:edge.port: 8080")


@pytest.mark.parametrize(
    ("config", "key"),
    [
        (at("docker.metricsPort", 9000), "docker.metricsPort"),
        ({"edge": {"redirectPort": 9000, "tls": {"mode": "selfSigned"}}}, "edge.redirectPort"),
        ({"edge": {"kind": "none"}, "environment": {"port": 9000}}, "environment.port"),
    ],
)
def test_every_port_is_tried(use: Use, config: dict[str, Any], key: str) -> None:
    [problem] = problems(use, Docker(Container(8080), refusal=TAKEN), config)
    assert problem.startswith(f"mimir:{key}: 9000")


def test_an_address_that_the_host_does_not_have_is_named(use: Use) -> None:
    """Of the same port, which the edge that runs has, only the address can be tried."""
    docker = Docker(Container(8080), refusal=NO_ADDRESS)
    [problem] = problems(use, docker, at("docker.bindAddress", "10.9.9.9"))
    assert problem.startswith("mimir:docker.bindAddress: 10.9.9.9, which the engine's host does not have")
    assert docker.tried[0]["ports"] == {"8080/tcp": ("10.9.9.9", 0)}


def test_a_stack_of_which_nothing_runs_has_nothing_to_lose(use: Use) -> None:
    docker = Docker(Container(), refusal=TAKEN)
    assert problems(use, docker, at("edge.port", 9000)) == []
    assert docker.tried == []


def test_what_has_nothing_to_do_with_ports_is_no_problem_of_them(use: Use) -> None:
    docker = Docker(Container(8080), refusal="exec: haproxy: permission denied")
    assert problems(use, docker, at("edge.port", 9000)) == []


def test_an_engine_that_fails_is_not_a_problem_of_ports(use: Use) -> None:
    docker = Docker(Container(8080))

    def create(image: str, **_: Any) -> Docker:
        raise DockerException("disk full")

    docker.create = create  # type: ignore[method-assign]
    assert problems(use, docker, at("edge.port", 9000)) == []


@pytest.mark.parametrize("preview", [True, False])
def test_a_preview_tries_nothing_and_says_what_an_update_would_meet(
    monkeypatch: pytest.MonkeyPatch, preview: bool
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
    monkeypatch.setattr(engine, "inspect_engine", lambda _: Engine((1, 47)))
    monkeypatch.setattr(ports, "problems", lambda _, deployment: [deployment])
    monkeypatch.setattr(taken_ports, "container_conflicts", lambda *_: [])
    monkeypatch.setattr(taken_ports, "problems", lambda _, deployment: [f"a port of {deployment}"])
    result = platform.inspect_platform(Settings(), "dev")
    assert result == (Engine((1, 47)) if preview else ["mimir-dev"])
    assert warnings == ([f"{UPDATE_WOULD_FAIL}a port of mimir-dev"] if preview else [])


def test_what_another_container_has_stops_an_update_before_anything_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    monkeypatch.setattr(engine, "inspect_engine", lambda _: Engine((1, 47)))
    monkeypatch.setattr(ports, "problems", lambda *_: pytest.fail("tried"))
    monkeypatch.setattr(taken_ports, "container_conflicts", lambda *_: ["taken"])
    result: Any = platform.inspect_platform(Settings(), "dev")
    assert result == ["taken"]
