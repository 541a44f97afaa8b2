"""Orphans of an interrupted update are removed, unless they are in use or belong to another deployment."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from docker.errors import NotFound

from components.docker.engine import orphans
from tests.support.fake_engine import LABEL, MIMIR, SETTINGS, Many, Thing, Use, thing


@pytest.fixture
def clear(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the hook that the program registers before it creates a container or network."""
    hooks: list[Any] = []
    monkeypatch.setattr(pulumi, "ResourceHook", lambda name, callback: hooks.append(callback))

    def run(kind: str, **inputs: Any) -> None:
        hook = orphans.container_hook if kind == "container" else orphans.network_hook
        hook("mimir", SETTINGS, MIMIR)
        hooks[-1](type("Args", (), {"new_inputs": {"name": "mimir-dev", **inputs}})())

    return run


def network(*running: str, labels: dict[str, str] = LABEL) -> Thing:
    """A network that these containers are on."""
    fake_network = Thing({"Labels": labels or None})
    fake_network.containers = [type("Container", (), {"name": name})() for name in running]
    return fake_network


@pytest.mark.parametrize("status", ["created", "exited", "dead"])
def test_our_own_idle_container_goes(use: Use, clear: Any, status: str) -> None:
    container = use(Thing(labels=LABEL))
    container.status = status
    clear("container")
    assert container.done == ["remove"], "and never by force: it may have been started meanwhile"


@pytest.mark.parametrize("status", ["running", "restarting", "paused"])
def test_a_container_in_use_stays(use: Use, clear: Any, status: str) -> None:
    container = use(Thing(labels=LABEL))
    container.status = status
    with pytest.raises(orphans.NameConflict, match=r"docker rm -f mimir-dev$"):
        clear("container")
    assert container.done == []


def test_our_own_idle_network_goes(use: Use, clear: Any) -> None:
    orphan = use(network())
    clear("network")
    assert orphan.done == ["remove"]


def test_a_network_in_use_stays(use: Use, clear: Any) -> None:
    orphan = use(network("mimir-dev", "curl"))
    with pytest.raises(orphans.NameConflict, match=r"docker rm -f mimir-dev curl$"):
        clear("network")
    assert orphan.done == []


def test_who_uses_a_network_is_asked_anew(use: Use, clear: Any) -> None:
    """A list of networks does not say who is on them."""
    orphan = use(network())
    orphan.reload = lambda: setattr(orphan, "containers", [Thing()])
    with pytest.raises(orphans.NameConflict):
        clear("network")


@pytest.mark.parametrize("labels", [{}, {"io.mimir.deployment": "mimir-prod"}])
@pytest.mark.parametrize("kind", ["container", "network"])
def test_what_is_somebody_elses_stays(use: Use, clear: Any, kind: str, labels: dict[str, str]) -> None:
    thing = use(Thing(labels=labels) if kind == "container" else network(labels=labels))
    with pytest.raises(orphans.NameConflict, match=f"docker {kind} rm mimir-dev"):
        clear(kind)
    assert thing.done == []


def test_nothing_left_is_nothing_to_do(use: Use, clear: Any) -> None:
    def get(_: str) -> None:
        raise NotFound("No such container")

    use(Thing()).get = get
    clear("container")


def publisher(name: str, port: str, deployment: str = "mimir-dev") -> Thing:
    """A container that publishes a port."""
    container = thing(name, labels={"io.mimir.deployment": deployment})
    container.attrs["HostConfig"] = {"PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]}}
    return container


def test_who_had_the_port_before_makes_room(use: Use, clear: Any) -> None:
    """An edge is new, or gone: another container of the same deployment has its port."""
    before = publisher("mimir-dev-edge", "8080")
    use(Many(before, thing("mimir-dev-0a1b2c3d", "service")))
    clear("container", ports=[{"internal": 8080.0, "external": 8080.0}])
    assert before.done == ["stop within 40 s", "remove by force"]


@pytest.mark.parametrize(
    "other", [publisher("mimir-dev-edge", "8081"), publisher("mimir-prod", "8080", "mimir-prod")], ids=["port", "owner"]
)
def test_whoever_has_another_port_or_another_owner_stays(use: Use, clear: Any, other: Thing) -> None:
    use(Many(other))
    clear("container", ports=[{"internal": 8080.0, "external": 8080.0}])
    assert other.done == []


def test_a_container_without_a_port_needs_none(use: Use, clear: Any) -> None:
    before = publisher("mimir-dev-edge", "8080")
    use(Many(before))
    clear("container", ports=[])
    clear("container")
    assert before.done == []
