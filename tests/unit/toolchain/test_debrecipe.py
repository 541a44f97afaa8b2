"""Programs that are taken from Debian's packages, and installed with Go elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from toolchain import debrecipe, suites
from toolchain.debian import Debian, Package
from toolchain.debrecipe import DebianRecipe
from toolchain.golang import Go
from toolchain.layout import Layout
from toolchain.problem import Problem
from toolchain.report import Source

CRANE = DebianRecipe("crane", "crane", "0.20", "example.org/cmd/crane@v0.22.1")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})


@pytest.fixture
def debian(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """A Debian whose packages have one program each; what was asked for: suite, package and oldest version."""
    asked: list[tuple[str, str, str]] = []

    def unpack(self: Debian, name: str, oldest: str = "") -> Package:
        asked.append((self.suite, name, oldest))
        program = layout.packages / f"{name}@{self.suite}" / "usr/bin" / name
        program.parent.mkdir(parents=True)
        program.write_text("a program")
        program.chmod(0o755)
        (layout.packages / f"{name}@{self.suite}" / "VERSION").write_text("0.20.7+ds1-5\n")
        return Package(name, layout.packages / f"{name}@{self.suite}")

    monkeypatch.setattr(Debian, "unpack", unpack)
    monkeypatch.setattr(suites, "is_debian", lambda: True)
    return asked


def test_the_program_is_taken_out_of_its_package_once(layout: Layout, debian: list[tuple[str, str, str]]) -> None:
    assert debrecipe.version(CRANE, layout) == "0.20", "nothing is there yet"
    artefact = debrecipe.build(CRANE, layout, {})
    assert debrecipe.build(CRANE, layout, {}) == artefact == debrecipe.artefact(CRANE, layout)
    assert debian == [("sid", "crane", "0.20")]
    assert [program.name for program in artefact.programs()] == ["crane"]
    assert debrecipe.version(CRANE, layout) == "0.20.7+ds1-5"
    assert not list(layout.packages.iterdir()), "the rest of the package is of no use"


def test_elsewhere_go_installs_the_pinned_module(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "go"
    go.write_text('#!/bin/sh\necho "$*" > "$GOBIN/../arguments"\ntouch "$GOBIN/crane"\nchmod +x "$GOBIN/crane"\n')
    go.chmod(0o755)
    monkeypatch.setattr(suites, "is_debian", lambda: False)
    monkeypatch.setattr(debrecipe, "ensure_go", lambda *_: Go(str(go), "1.26", Source.INSTALLED))
    artefact = debrecipe.build(CRANE, layout, {"PATH": os.environ["PATH"]})
    assert [program.name for program in artefact.programs()] == ["crane"]
    assert (artefact.folder.parent / "arguments").read_text() == "install -trimpath example.org/cmd/crane@v0.22.1\n"
    assert debrecipe.version(CRANE, layout) == "0.22.1"


def test_elsewhere_a_program_without_a_module_is_a_problem(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "is_debian", lambda: False)
    with pytest.raises(Problem) as caught:
        debrecipe.build(DebianRecipe("docker-compose", "docker-compose", "2.40"), layout, {})
    assert caught.value.fix == "install docker-compose 2.40 or newer yourself"
