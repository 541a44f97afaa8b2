"""What has to be true of the machine: all of it in one error, and less of it for a preview."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest

from components import preflight
from components.docker.engine import engine, ports, taken_ports
from components.docker.engine.engine import Engine
from components.image import registry
from components.image.build_context import BuildContext
from components.kubernetes.cluster import cluster
from components.problems import DeploymentError, Problem
from components.settings import Settings
from tests.support.repositories import FILES, write

AWAY = Problem("mimir:registry.address", 'no registry answers at "127.0.0.1:5000"', "one", "docker run registry:2")
NO_ENGINE = Problem("mimir:docker.host", "no Docker engine answers", "one", "make tools")


pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where everything is there."""
    monkeypatch.setattr(engine, "inspect_engine", lambda _: Engine((1, 47)))
    monkeypatch.setattr(ports, "problems", lambda *_: [])
    monkeypatch.setattr(taken_ports, "problems", lambda *_: [])
    monkeypatch.setattr(taken_ports, "container_conflicts", lambda *_: [])
    monkeypatch.setattr(registry, "problems", lambda _: [])


def settings(location: str = "service", commit: str | None = None) -> Settings:
    """Settings with this source."""
    return Settings.model_validate({"source": {"location": location, "commit": commit}})


def refused(found: Settings) -> DeploymentError:
    """The error of a check that must fail."""
    with pytest.raises(DeploymentError) as caught:
        preflight.check(found, "dev")
    return caught.value


def test_a_machine_with_everything() -> None:
    write(Path("service"), FILES)
    context, found = preflight.check(settings(), "dev")
    assert isinstance(context, BuildContext)
    assert found == Engine((1, 47))


def test_everything_in_the_way_is_in_one_error(monkeypatch: pytest.MonkeyPatch, repository: Path) -> None:
    monkeypatch.setattr(engine, "inspect_engine", lambda _: [NO_ENGINE])
    monkeypatch.setattr(registry, "problems", lambda _: [AWAY])
    error = refused(settings(str(repository), "0" * 40))
    assert {one.key for one in error.problems} == {
        "mimir:source.commit",
        "mimir:docker.host",
        "mimir:registry.address",
    }
    assert "nothing was changed" in str(error)


def test_a_cluster_that_lacks_several_things_says_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the engine of this machine is nobody's concern then."""
    write(Path("service"), FILES)
    lacks = [Problem(f"mimir:volumes.{name}.storageClass", "nothing", "one", "fix") for name in ("data", "logs")]
    monkeypatch.setattr(cluster, "inspect_cluster", lambda _settings, stack: lacks if stack == "dev" else [])
    monkeypatch.setattr(engine, "inspect_engine", lambda _: [NO_ENGINE])
    found = Settings.model_validate({"platform": "kubernetes", "source": {"location": "service"}})
    assert refused(found).problems == tuple(lacks)


def test_a_commit_that_is_not_there_is_named(repository: Path) -> None:
    found = refused(settings(str(repository), "0" * 40)).problems[0]
    assert "0" * 40 in found.found
    assert str(repository) in found.found


def test_a_source_that_cannot_be_read_is_named() -> None:
    found = refused(settings("gone")).problems[0]
    assert found.key == "mimir:source.location"


def test_a_library_is_refused_before_anything_is_pushed() -> None:
    write(Path("service"), {**FILES, "main.go": "package lib\n", "cmd/server/main.go": "package main\n"})
    (found,) = refused(settings()).problems
    assert found.key == "mimir:source.package" and "./cmd/server" in found.allowed


def test_a_preview_needs_no_registry_but_says_what_an_update_would(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("service"), FILES)
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(registry, "problems", lambda _: [AWAY])
    preflight.check(settings(), "dev")
    assert len(said) == 1
    assert "An update would fail: mimir:registry.address" in said[0]


def test_an_update_does_not_start_without_a_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("service"), FILES)
    monkeypatch.setattr(registry, "problems", lambda _: [AWAY])
    assert refused(settings()).problems == (AWAY,)
