"""The tools that judge: pinned, never taken from elsewhere, and missed by nobody who does not audit."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from toolchain import doctor, gobuild, obtain, pybuild, versions, virtualenv
from toolchain.gobuild import Extra, GoRecipe
from toolchain.golang import Go
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.progress import Progress
from toolchain.pybuild import PythonRecipe
from toolchain.report import Source
from toolchain.tool import Tool
from toolchain.tools import CHECKOV, CYCLONUS, HADOLINT, JUDGES, KUBE_SCORE, KUBECONFORM, TRIVY

MODULE = PythonRecipe("demo-package", "demo", "1.2.3", main="demo.main")
EXECUTABLE = PythonRecipe("demo-package", "demo", "1.2.3")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was installed; each installation is a program and a Python that both say what they were told."""
    asked: list[str] = []

    def install(folder: Path, wanted: Sequence[str], *_: object) -> None:
        asked.extend(wanted)
        (folder / "bin").mkdir(parents=True)
        for name in ("demo", "python"):
            (folder / "bin" / name).write_text('#!/bin/sh\necho "$0 $@"\n')
            (folder / "bin" / name).chmod(0o755)

    monkeypatch.setattr(virtualenv, "install", install)
    return asked


def run(program: Path) -> list[str]:
    return shlex.split(subprocess.run([program, "a b"], capture_output=True, text=True, check=True).stdout)


def test_a_package_is_installed_once_in_its_version(layout: Layout, installed: list[str]) -> None:
    built = pybuild.build(MODULE, layout, os.environ)
    assert pybuild.build(MODULE, layout, os.environ) == built
    assert installed == ["demo-package==1.2.3"]
    assert [program.name for program in built.programs()] == ["demo"]


def test_a_module_runs_apart_from_where_it_is_run(layout: Layout, installed: list[str]) -> None:
    """Under its final name: the folder in which it was installed is gone."""
    built = pybuild.build(MODULE, layout, os.environ)
    python = built.folder / "environment/bin/python"
    assert run(built.folder / "demo") == [str(python), "-I", "-m", "demo.main", "a", "b"]


def test_an_executable_is_taken_as_it_is(layout: Layout, installed: list[str]) -> None:
    built = pybuild.build(EXECUTABLE, layout, os.environ)
    assert (built.folder / "demo").samefile(built.folder / "environment/bin/demo")


def test_an_installation_that_fails_leaves_nothing(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path, *_: object) -> None:
        (folder / "bin").mkdir(parents=True)
        raise Problem("no such package", "look for another")

    monkeypatch.setattr(virtualenv, "install", fail)
    with pytest.raises(Problem):
        pybuild.build(MODULE, layout, os.environ)
    assert list(layout.artefacts.iterdir()) == []


def test_a_python_package_is_said_to_be_downloaded_and_then_cached(layout: Layout, installed: list[str]) -> None:
    tool = dataclasses.replace(CHECKOV, recipe=MODULE)
    machine = Machine(layout, os.environ)
    machine.found_go = None
    rows = [obtain.obtain(tool, machine, Progress(io.StringIO())).row for _ in range(2)]
    assert [(row.source, row.version) for row in rows] == [(Source.DOWNLOADED, "1.2.3"), (Source.CACHED, "1.2.3")]


@pytest.mark.parametrize("tool", JUDGES, ids=[tool.name for tool in JUDGES])
def test_what_is_installed_does_not_judge(tool: Tool, tmp_path: Path, layout: Layout) -> None:
    program = tmp_path / tool.recipe.program
    program.write_text(f"#!/bin/sh\necho {tool.version}\n")
    program.chmod(0o755)
    assert tool.installed(Machine(layout, {"PATH": str(tmp_path)})) == ""


def test_the_doctor_does_not_miss_them(layout: Layout, tmp_path: Path) -> None:
    machine = Machine(layout, {"PATH": str(tmp_path)})
    machine.found_go = None
    assert not {row.name for row in doctor.examine(machine)} & {tool.name for tool in JUDGES}


@pytest.mark.parametrize(
    ("tool", "module"),
    [
        (KUBE_SCORE, "github.com/zegl/kube-score"),
        (KUBECONFORM, "github.com/yannh/kubeconform"),
        (CYCLONUS, "github.com/mattfenwick/cyclonus"),
        (TRIVY, "github.com/aquasecurity/trivy"),
    ],
)
def test_the_pins_are_those_of_the_modules(tool: Tool, module: str) -> None:
    assert isinstance(tool.recipe, GoRecipe)
    assert f"{module} v{tool.version}" in (tool.recipe.folder / "go.mod").read_text()


def test_the_packages_are_pinned_too() -> None:
    assert [CHECKOV.recipe.version, HADOLINT.recipe.version] == [versions.CHECKOV, versions.HADOLINT]


def test_an_experiment_of_go_is_part_of_the_build_and_of_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(TRIVY.recipe, GoRecipe)
    without = dataclasses.replace(TRIVY.recipe, experiment="")
    assert TRIVY.recipe.settings["GOEXPERIMENT"] == "jsonv2"
    assert "GOEXPERIMENT" not in without.settings
    assert gobuild.key(TRIVY.recipe, "1.26.8", "linux/amd64") != gobuild.key(without, "1.26.8", "linux/amd64")


@pytest.mark.parametrize(("data", "programs"), [(True, ["demo"]), (False, ["data.json", "demo"])])
def test_a_file_of_a_pinned_module_is_put_beside_the_program(
    tmp_path: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch, data: bool, programs: list[str]
) -> None:
    monkeypatch.setattr(gobuild, "MODULES", tmp_path / "modules")
    for folder in ("modules/demo", "modules/pins", "cached/api"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "cached/api/data.json").write_text("{}")
    answer = json.dumps({"Dir": str(tmp_path / "cached")})
    extra = Extra("pins", "example.com/pinned", ("api/data.json",), data=data)
    recipe = GoRecipe("demo", ".", "demo", "1.2.3", extra=extra)
    built = gobuild.build(recipe, _go(tmp_path, answer), layout, os.environ)
    assert [program.name for program in built.programs()] == programs
    assert (built.folder / "data.json").read_text() == "{}"


def test_a_pinned_module_that_cannot_be_had_is_a_problem(
    tmp_path: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gobuild, "MODULES", tmp_path / "modules")
    for folder in ("modules/demo", "modules/pins"):
        (tmp_path / folder).mkdir(parents=True)
    recipe = GoRecipe("demo", ".", "demo", "1.2.3", extra=Extra("pins", "example.com/pinned", ("data.json",)))
    with pytest.raises(Problem, match=r"example\.com/pinned"):
        gobuild.build(recipe, _go(tmp_path, ""), layout, os.environ)


def _go(folder: Path, download: str) -> Go:
    """A Go whose builds succeed, and whose downloads give this answer, or fail without one."""
    program = folder / "fake-go"
    program.write_text(
        "#!/bin/sh\n"
        f"case \"$*\" in *download*) echo '{download}'; exit {0 if download else 1};; env*) echo x; exit;; esac\n"
        'while [ "$1" != -o ]; do shift; done\n'
        'echo program > "$2"; chmod +x "$2"\n'
    )
    program.chmod(0o755)
    return Go(str(program), "1.26.8", Source.INSTALLED)


def test_an_environment_is_made_where_it_is_wanted(
    tmp_path: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def run_logged(argv: list[str], _log: Path, *, environment: Mapping[str, str] | None = None, fix: str = "") -> None:
        commands.append(argv)

    monkeypatch.setattr(virtualenv, "run_logged", run_logged)
    virtualenv.install(tmp_path / "own", ["demo==1"], layout, os.environ, tmp_path / "log")
    python = str(tmp_path / "own/bin/python")
    assert [command[1:] for command in commands] == [
        ["-m", "venv", "--clear", str(tmp_path / "own")],
        ["-m", "pip", "install", "demo==1"],
    ]
    assert commands[1][0] == python
