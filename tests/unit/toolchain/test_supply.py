"""The tools of the supply chain: pinned, the same for everybody, and missed by nobody who does not ask for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain import doctor
from toolchain.ensure import PYTHON_GROUPS
from toolchain.gobuild import GoRecipe
from toolchain.groups import GROUPS
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.supply import ACTIONLINT, CYCLONEDX, SUPPLY_TOOLS
from toolchain.tool import Tool
from toolchain.tools import TOOLS


def machine(folder: Path, path: Path) -> Machine:
    layout = Layout.of(folder / "project", {"MIMIR_TOOLCHAIN_HOME": str(folder / "cache")})
    made = Machine(layout, {"PATH": str(path)})
    made.found_go = None
    return made


@pytest.mark.parametrize(
    ("tool", "module"),
    [
        (ACTIONLINT, "github.com/rhysd/actionlint"),
        (CYCLONEDX, "github.com/CycloneDX/cyclonedx-gomod"),
    ],
)
def test_the_pins_are_those_of_the_modules(tool: Tool, module: str) -> None:
    assert isinstance(tool.recipe, GoRecipe)
    assert f"{module} v{tool.version} " in (tool.recipe.folder / "go.mod").read_text()


@pytest.mark.parametrize("tool", SUPPLY_TOOLS, ids=[tool.name for tool in SUPPLY_TOOLS])
def test_another_version_that_is_installed_is_not_used(tool: Tool, tmp_path: Path) -> None:
    program = tmp_path / tool.recipe.program
    program.write_text(f"#!/bin/sh\necho {tool.version}\n")
    program.chmod(0o755)
    assert tool.installed(machine(tmp_path, tmp_path)) == ""


def test_they_are_got_when_asked_for_and_the_doctor_does_not_miss_them(tmp_path: Path) -> None:
    assert "supply" in GROUPS and "supply" in PYTHON_GROUPS
    assert set(SUPPLY_TOOLS) <= set(TOOLS)
    assert not {row.name for row in doctor.examine(machine(tmp_path, tmp_path))} & {tool.name for tool in SUPPLY_TOOLS}
