"""The edge is in the application's network before the application is, whoever connects it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pytest
from docker.errors import DockerException

from components.docker import networks
from tests.support.fake_engine import MIMIR, SETTINGS, Many, Network, Thing, Use, disconnect, thing


class Engine(Many):
    """An engine with these containers, and with these networks of the stack."""

    def __init__(self, *there: Thing, names: Sequence[str] = ("mimir-dev", "mimir-dev-internal")) -> None:
        super().__init__(*there)
        self.networks, self.names = self, names

    def list(self, all: bool = False, filters: Any = None, names: Sequence[str] = ()) -> Sequence[Any]:
        if names:
            return [name for name in self.names if f"^{name}$" in names]
        return super().list(all, filters)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The hook that the program registers before the application's container is created, and after the edge's is."""
    hooks: list[Any] = []
    monkeypatch.setattr(pulumi, "ResourceHook", lambda name, callback: hooks.append(callback))
    networks.connect_edge_hook("mimir", SETTINGS, MIMIR)
    return hooks[-1]


def edge_of_an_earlier_release() -> tuple[Thing, Network]:
    """An edge that is in one network only, and who is connected to which network from now on."""
    edge = thing("mimir-dev-edge", "edge")
    connected = disconnect(edge)
    edge.attrs["NetworkSettings"] = {"Networks": {"mimir-dev": {}}}
    return edge, connected


def test_an_edge_that_runs_is_connected(use: Use, hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    edge, connected = edge_of_an_earlier_release()
    use(Engine(edge, thing("mimir-dev-1", "service")))
    hook(None)
    assert connected.connected == [("mimir-dev-internal", edge, None)]
    assert warnings == [], "nobody has disconnected it"


def test_one_that_is_connected_is_left_alone(use: Use, hook: Any) -> None:
    edge = thing("mimir-dev-edge", "edge")
    use(Engine(edge))
    hook(None)
    assert edge.done == []


def test_nothing_is_done_where_nothing_runs_or_there_is_no_such_network(use: Use, hook: Any) -> None:
    use(Engine())
    hook(None)
    edge, connected = edge_of_an_earlier_release()
    use(Engine(edge, names=["mimir-dev"]))
    hook(None)
    assert connected.connected == []


def test_an_engine_that_fails_is_a_warning(use: Use, hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edge is connected again at the end of the update, which then fails if that is not possible."""
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    engine = use(Engine())

    def fail(**_: object) -> None:
        raise DockerException("no engine")

    engine.list = fail
    hook(None)
    assert "no engine" in warnings[0]
