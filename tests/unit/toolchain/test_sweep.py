"""What is removed from the cache, and what is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from toolchain.layout import Layout
from toolchain.state import State
from toolchain.sweep import KEPT, sweep


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return checkout(tmp_path, "here")


def checkout(tmp_path: Path, name: str) -> Layout:
    (tmp_path / name).mkdir()
    return Layout.of(tmp_path / name, {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})


def artefact(layout: Layout, name: str, age: int = 0) -> str:
    folder = layout.artefacts / name
    folder.mkdir(parents=True)
    os.utime(folder, (1_000_000 - age, 1_000_000 - age))
    return str(folder)


def left(layout: Layout) -> set[str]:
    return {folder.name for folder in layout.artefacts.iterdir()}


def test_the_newest_of_each_tool_and_all_in_use_are_kept(layout: Layout, tmp_path: Path) -> None:
    for age in range(KEPT + 2):
        artefact(layout, f"pulumi-resource-docker-5.{age}.0-{age}", age)
    artefact(layout, "pulumi-resource-docker-build-0.0.22-a", age=99)
    artefact(layout, "pulumi-3.259.0-release-amd64", age=99)
    artefact(layout, "pulumi-v3.258.0-b", age=99)
    State().save(layout)
    State({"docker plugin": str(layout.artefacts / "pulumi-resource-docker-5.3.0-3")}).save(checkout(tmp_path, "there"))

    assert sweep(layout) == ["pulumi-resource-docker-5.2.0-2"]

    assert len(left(layout)) == KEPT + 1 + 3


def test_the_corner_of_a_checkout_that_is_gone_goes_and_frees_its_tools(layout: Layout, tmp_path: Path) -> None:
    for age in range(KEPT + 1):
        artefact(layout, f"pulumi-v3.{age}.0-a", age)
    gone = checkout(tmp_path, "gone")
    State({"Pulumi CLI": str(layout.artefacts / f"pulumi-v3.{KEPT}.0-a")}).save(gone)
    State().save(layout)
    assert sweep(layout) == []

    gone.project.rmdir()

    assert sweep(layout) == [gone.corner.name, f"pulumi-v3.{KEPT}.0-a"]
    assert layout.state.exists()


def test_a_corner_that_does_not_say_whose_it_is_stays(layout: Layout, tmp_path: Path) -> None:
    old = layout.corner.with_name("old-0123")
    old.mkdir(parents=True)
    (old / "state.json").write_text('{"artefacts": {}, "services": {}}')
    assert sweep(layout) == []
