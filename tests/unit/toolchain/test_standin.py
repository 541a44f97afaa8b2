"""The image that stands in for one of the hub's: made once, said loudly, and never where the hub answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.registry_server import StoringRegistry, serve
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.progress import Progress
from toolchain.report import Row, Source
from toolchain.services import edgeimage, registry
from toolchain.services.builder import ImageBuilder
from toolchain.services.fallback_image import Contents, HubImage
from toolchain.services.layers import LayerWriter
from toolchain.services.push import Repository


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    layout = Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})
    return Machine(layout, {"PATH": os.environ["PATH"]})


@pytest.fixture
def storing(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    StoringRegistry.stored = {}
    for address in serve(StoringRegistry):
        monkeypatch.setattr(registry, "ADDRESS", address)
        yield address


@pytest.fixture
def image(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., HubImage]:
    monkeypatch.setattr(ImageBuilder, "look", lambda _: Row("builder", "", Source.RUNNING))

    def make_image(key: str = "1", *, closed: bool = True) -> HubImage:
        monkeypatch.setattr(ImageBuilder, "is_ours", lambda _: closed)

        def fill(layer: LayerWriter) -> None:
            layer.file("etc/key", key.encode())

        contents = Contents(key, "2.6.12", {"haproxy": fill}, {"User": "haproxy"})
        builder = ImageBuilder(machine, Progress())
        return HubImage(edgeimage.WANTED, builder, Progress(), lambda: contents)

    return make_image


def test_a_stand_in_is_made_once_and_again_when_something_in_it_changes(
    image: Callable[..., HubImage], storing: str
) -> None:
    assert not image().look().ok
    row = image().ensure()
    assert (row.name, row.version, row.source) == ("edge image", "2.6.12", Source.BUILT)
    assert "STAND-IN for library/haproxy:3.2.7-alpine" in row.why
    assert image().ensure() == image().look() == Row(row.name, "2.6.12", Source.CACHED, row.why)

    assert image("2").ensure().source is Source.BUILT
    assert image("2").ensure().source is Source.CACHED


def test_a_stand_in_says_loudly_that_it_is_one(image: Callable[..., HubImage], storing: str) -> None:
    image().ensure()
    labels = Repository(storing, "library/haproxy").labels("3.2.7-alpine")
    assert labels["mimir.toolchain.stand-in"] == "true"
    assert labels["mimir.toolchain.haproxy"] == "2.6.12"
    assert labels["org.opencontainers.image.title"] == "STAND-IN for library/haproxy:3.2.7-alpine"
    assert "Never publish it" in labels["org.opencontainers.image.description"]


def test_nothing_is_made_where_the_hub_answers(image: Callable[..., HubImage], storing: str) -> None:
    row = image(closed=False).ensure()
    assert (row.source, row.why) == (Source.INSTALLED, "pulled by the engine from the image hub")
    assert not StoringRegistry.stored


def test_a_silent_registry_is_a_problem(image: Callable[..., HubImage], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "ADDRESS", "127.0.0.1:1")
    assert not image().look().ok
    with pytest.raises(Problem, match="refused"):
        image().ensure()
