"""Finds or gets one tool: installed, then downloaded, then built."""

from __future__ import annotations

from dataclasses import dataclass

from toolchain import debrecipe, gobuild, pybuild
from toolchain.artefacts import Artefact
from toolchain.debrecipe import DebianRecipe
from toolchain.machine import Machine
from toolchain.problem import ENSURE, Problem
from toolchain.progress import Progress
from toolchain.pybuild import PythonRecipe
from toolchain.report import Row, Source
from toolchain.tool import Tool
from toolchain.tools import CLI


@dataclass(frozen=True)
class Obtained:
    """A tool and where it is: in an artefact of ours, or (None) where the CLI finds it by itself."""

    row: Row
    artefact: Artefact | None = None


def obtain(tool: Tool, machine: Machine, progress: Progress) -> Obtained:
    """Get a tool: the installed one, else a download, else a build.

    Args:
        tool: which one.
        machine: this machine and checkout.
        progress: shows each step.

    Raises:
        Problem: none of these ways worked.
    """
    existing = _at_hand(tool, machine)
    # A stand-in that is at hand is not the end of it: the genuine thing may be in reach today.
    if existing and not (tool.stand_in and existing.artefact):
        return _settled(tool, machine, existing)
    why = _download(tool, machine, progress)
    if not why:
        row = Row(tool.name, tool.version, Source.DOWNLOADED, tool.site)
        return _settled(tool, machine, Obtained(row, tool.downloaded(machine.layout)))
    remark = f"STAND-IN: {tool.stand_in}; {why}" if tool.stand_in else why
    if existing:
        return Obtained(Row(tool.name, existing.row.version, Source.CACHED, remark), existing.artefact)
    return _settled(tool, machine, _build(tool, machine, progress, remark))


def inspect_tool(tool: Tool, machine: Machine) -> Row:
    """The state of a tool, as a row. Changes nothing."""
    existing = _at_hand(tool, machine)
    if existing:
        return _settled(tool, machine, existing).row
    return Row(tool.name, "", Source.NONE, f"{tool.version} is wanted", ENSURE)


def _at_hand(tool: Tool, machine: Machine) -> Obtained | None:
    """The tool if it needs no work at all: installed, or in the cache."""
    version = tool.installed(machine)
    if version:
        return Obtained(Row(tool.name, version, Source.INSTALLED))
    downloaded = tool.downloaded(machine.layout)
    if downloaded and downloaded.exists():
        return Obtained(Row(tool.name, tool.version, Source.CACHED, f"downloaded from {tool.site}"), downloaded)
    built = build_of(tool, machine)
    if built and built.exists():
        remark = f"STAND-IN: {tool.stand_in}" if tool.stand_in else _origin(tool)
        return Obtained(Row(tool.name, _version(tool, machine), Source.CACHED, remark), built)
    return None


def build_of(tool: Tool, machine: Machine) -> Artefact | None:
    """The artefact that a build of the tool produces, existing or not; None if Go is needed and missing."""
    if isinstance(tool.recipe, PythonRecipe):
        return pybuild.artefact(tool.recipe, machine.layout)
    if isinstance(tool.recipe, DebianRecipe):
        return debrecipe.artefact(tool.recipe, machine.layout)
    go = machine.found_go  # got only when something has to be built
    return gobuild.artefact(tool.recipe, go, machine.layout) if go else None


def _build(tool: Tool, machine: Machine, progress: Progress, remark: str) -> Obtained:
    if isinstance(tool.recipe, PythonRecipe):
        with progress.step(f"installing {tool.name} {tool.recipe.version}"):
            installed = pybuild.build(tool.recipe, machine.layout, machine.environment)
        return Obtained(Row(tool.name, _version(tool, machine), Source.DOWNLOADED, "a Python package"), installed)
    if isinstance(tool.recipe, DebianRecipe):
        with progress.step(f"unpacking {tool.name}"):
            unpacked = debrecipe.build(tool.recipe, machine.layout, machine.environment)
        why = f"{remark}; {_origin(tool)}" if remark else _origin(tool)
        return Obtained(Row(tool.name, _version(tool, machine), Source.PACKAGE, why), unpacked)
    with progress.step(f"building {tool.name} {tool.recipe.version}"):
        built = gobuild.build(tool.recipe, machine.go, machine.layout, machine.environment)
    return Obtained(Row(tool.name, _version(tool, machine), Source.BUILT, remark), built)


def _download(tool: Tool, machine: Machine, progress: Progress) -> str:
    """Try the makers' own download; the reason why it did not work, or an empty string."""
    if tool.download is None:
        return "no download of its own"
    with progress.step(f"asking {tool.site}"):
        silence = machine.sites.silence(tool.site)
    if silence:
        return silence
    try:
        with progress.step(f"downloading {tool.name} {tool.version}"):
            tool.download(machine)
    except Problem as problem:
        return problem.what.splitlines()[0]
    return ""


def _settled(tool: Tool, machine: Machine, obtained: Obtained) -> Obtained:
    """Remember the CLI: it is asked about plugins, and may bring its own language host."""
    if tool is CLI:
        folder = obtained.artefact.folder if obtained.artefact else None
        machine.pulumi = str(folder / "pulumi") if folder else machine.which("pulumi")
        machine.__dict__.pop("pulumi_plugins", None)  # what was asked before there was a CLI
    return obtained


def _version(tool: Tool, machine: Machine) -> str:
    if isinstance(tool.recipe, DebianRecipe):
        return debrecipe.version(tool.recipe, machine.layout)
    return tool.recipe.version.removeprefix("v")


def _origin(tool: Tool) -> str:
    return debrecipe.origin(tool.recipe) if isinstance(tool.recipe, DebianRecipe) else "built earlier"
