"""The order in which a tool is had, and the table that says where it came from."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest

from toolchain import doctor, gobuild, versions
from toolchain import obtain as obtaining
from toolchain.__main__ import main
from toolchain.artefacts import Artefact, link_programs
from toolchain.golang import Go
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.network import Sites
from toolchain.problem import Problem
from toolchain.progress import Progress
from toolchain.report import Row, Source, table
from toolchain.tool import Tool
from toolchain.tools import BUILDKITD, BUILDX, CLI, DOCKER, DOCKER_BUILD, TOOLS

SILENT = "get.pulumi.com did not answer in 4 s"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with Go and nothing else, whose builds succeed at once."""
    layout = Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})
    machine = Machine(layout, {"PATH": str(tmp_path)}, Sites(_answers={DOCKER.site: SILENT}))
    machine.go = machine.found_go = Go("/bin/echo", "1.26.8", Source.INSTALLED)

    def build(recipe: gobuild.GoRecipe, *_: object) -> Artefact:
        artefact = gobuild.artefact(recipe, machine.go, layout)
        artefact.folder.mkdir(parents=True)
        return artefact

    monkeypatch.setattr(gobuild, "build", build)
    return machine


@pytest.fixture
def progress() -> Progress:
    return Progress(io.StringIO())


def installed(tool: Tool, version: str) -> Tool:
    return dataclasses.replace(tool, installed=lambda _: version)


def test_what_is_installed_is_used_as_it_is(machine: Machine, progress: Progress) -> None:
    obtained = obtaining.obtain(installed(DOCKER, "5.3.0"), machine, progress)
    assert obtained.row == Row("docker plugin", "5.3.0", Source.INSTALLED)
    assert obtained.artefact is None


def test_what_the_makers_offer_is_downloaded(machine: Machine, progress: Progress) -> None:
    machine.sites = Sites(_answers={DOCKER.site: ""})
    downloads: list[str] = []
    tool = dataclasses.replace(DOCKER, download=lambda _: downloads.append("docker"))
    assert obtaining.obtain(tool, machine, progress).row.source is Source.DOWNLOADED
    assert downloads == ["docker"]


def test_a_silent_site_leads_to_a_build_and_the_table_says_so(machine: Machine, progress: Progress) -> None:
    row = obtaining.obtain(DOCKER, machine, progress).row
    assert row.source is Source.BUILT
    assert SILENT in row.why
    assert "STAND-IN" in row.why


def test_a_failing_download_leads_to_a_build(machine: Machine, progress: Progress) -> None:
    machine.sites = Sites(_answers={DOCKER.site: ""})

    def fail(_: Machine) -> None:
        raise Problem("the archive is damaged\nmore", "again")

    row = obtaining.obtain(dataclasses.replace(DOCKER_BUILD, download=fail), machine, progress).row
    assert (row.source, row.why) == (Source.BUILT, "the archive is damaged")


def test_the_genuine_thing_is_not_asked_for_again(machine: Machine, progress: Progress) -> None:
    obtaining.obtain(DOCKER_BUILD, machine, progress)
    machine.sites = Sites(_answers={DOCKER.site: ""})
    assert obtaining.obtain(DOCKER_BUILD, machine, progress).row.source is Source.CACHED


def test_a_stand_in_gives_way_once_the_makers_can_be_reached(machine: Machine, progress: Progress) -> None:
    obtaining.obtain(DOCKER, machine, progress)
    assert obtaining.obtain(DOCKER, machine, progress).row.source is Source.CACHED

    machine.sites = Sites(_answers={DOCKER.site: ""})
    genuine = dataclasses.replace(DOCKER, download=lambda _: None)
    obtained = obtaining.obtain(genuine, machine, progress)
    assert obtained.row.source is Source.DOWNLOADED
    assert obtained.artefact is None


def test_plugins_are_asked_of_the_cli_that_was_built(machine: Machine, progress: Progress) -> None:
    built = obtaining.obtain(CLI, machine, progress).artefact
    assert built is not None
    assert machine.pulumi == str(built.folder / "pulumi")


def test_bin_holds_exactly_the_tools_in_use(tmp_path: Path) -> None:
    old, new, folder = tmp_path / "old/tool", tmp_path / "new/tool", tmp_path / "bin"
    for program in (old, new):
        program.parent.mkdir()
        program.write_text(str(program))
    link_programs([old], folder)
    (folder / "gone").touch()
    link_programs([new], folder)
    assert [program.name for program in folder.iterdir()] == ["tool"]
    assert (folder / "tool").samefile(new)


def test_the_table_says_what_came_from_where_and_why() -> None:
    text = table([Row("Pulumi CLI", "3.259.0", Source.BUILT, SILENT), Row("registry", "", Source.RUNNING)])
    heading, _, cli, registry = text.splitlines()
    assert heading.split("  ")[0] == "tool"
    assert cli.split() == ["Pulumi", "CLI", "3.259.0", "built", *SILENT.split()]
    assert registry.split() == ["registry", "-", "already", "running"]
    assert cli.index("built") == registry.index("already")


def test_long_reasons_are_wrapped_under_their_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    path = "/a/path/that/is/never/broken/in/two/so/that/it/can/be/copied"
    lines = table([Row("engine", "1", Source.STARTED, f"{SILENT}; " * 4 + path), Row("next", "2", Source.BUILT)])
    _, _, first, *more, last = lines.splitlines()
    assert more and all(len(line) <= 100 for line in [first, *more] if path not in line)
    assert {len(line) - len(line.lstrip()) for line in more} == {first.index(SILENT)}
    assert path in lines
    assert last.split() == ["next", "2", "built"]


@pytest.mark.parametrize(
    ("row", "by_hand", "shown"),
    [
        (Row("registry", "2", Source.RUNNING), True, ["where from", "next: make up"]),
        (Row("registry", "2", Source.STARTED), False, ["where from", "make doctor"]),
        (Row("registry", "2", Source.RUNNING), False, ["make doctor"]),
    ],
)
def test_ensure_says_what_is_new_and_what_comes_next(
    row: Row,
    by_hand: bool,
    shown: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIMIR_TOOLCHAIN_HOME", str(tmp_path))
    monkeypatch.setattr("toolchain.ensure.ensure", lambda *_: [row])
    monkeypatch.delenv("MAKELEVEL", raising=False)
    if not by_hand:
        monkeypatch.setenv("MAKELEVEL", "1")
    assert main(["ensure"]) == 0
    text = capsys.readouterr().out
    assert [part for part in ("where from", "next: make up", "make doctor") if part in text] == shown


@pytest.mark.parametrize(
    ("program", "answer", "found"),
    [
        ("docker-buildx", "github.com/docker/buildx v0.36.1 0123abc", "0.36.1"),
        ("docker-buildx", "github.com/docker/buildx v0.9.1 0123abc", ""),
        ("docker", "github.com/docker/buildx 0.13.1+ds1-3", "0.13.1"),
    ],
)
def test_buildx_is_found_by_itself_and_as_dockers_plugin(
    program: str, answer: str, found: str, machine: Machine, tmp_path: Path
) -> None:
    expected = "version" if program == "docker-buildx" else "buildx version"
    (tmp_path / program).write_text(f'#!/bin/sh\n[ "$*" = "{expected}" ] && echo {answer}\n')
    (tmp_path / program).chmod(0o755)
    assert BUILDX.installed(machine) == found


BROKEN = Row("registry", "", Source.NONE, "nothing answers", "python3 -m toolchain ensure --group docker")


@pytest.mark.parametrize(("rows", "status"), [([Row("Go", "1.26.8", Source.INSTALLED)], 0), ([BROKEN], 1)])
def test_the_doctor_fails_when_there_is_a_problem(
    rows: list[Row], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda _: rows)
    assert main(["doctor"]) == status
    shown = capsys.readouterr().out
    assert (BROKEN.fix in shown) == (status == 1)
    assert ("PROBLEM" in shown) == (status == 1)


def test_the_doctor_changes_nothing(machine: Machine) -> None:
    rows = [obtaining.inspect_tool(tool, machine) for tool in TOOLS]
    assert {row.source for row in rows} == {Source.NONE}
    assert all(row.fix == "python3 -m toolchain ensure" for row in rows)
    assert not machine.layout.home.exists()


@pytest.mark.parametrize(
    ("found", "wanted", "fitting"),
    [
        ("v3.259.0", "3.259.0", True),
        ("5.10.0", "5.2.0", True),
        ("5.1.9", "5.2.0", False),
        ("6.0.0", "5.2.0", False),
        ("5.2.0 (a remark)", "5.2.0", True),
        ("", "5.2.0", False),
    ],
)
def test_a_version_fits_when_it_is_of_the_same_major_and_not_older(found: str, wanted: str, fitting: bool) -> None:
    assert versions.fits(found, wanted) is fitting


@pytest.mark.parametrize(
    ("recipe", "module"),
    [
        (CLI.recipe, "github.com/pulumi/pulumi/pkg/v3"),
        (DOCKER_BUILD.recipe, "github.com/pulumi/pulumi-docker-build"),
        (BUILDKITD, "github.com/moby/buildkit"),
    ],
)
def test_the_pins_are_those_of_the_modules(recipe: gobuild.GoRecipe, module: str) -> None:
    assert f"{module} v{recipe.version.removeprefix('v')}" in (recipe.folder / "go.mod").read_text()
