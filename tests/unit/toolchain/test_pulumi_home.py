"""The CLI's home with our plugins in it, and what of the user's own stays in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain import environment, pulumi_home
from toolchain.layout import Layout
from toolchain.state import State
from toolchain.tool import Tool
from toolchain.tools import DOCKER, DOCKER_BUILD, KUBERNETES


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})


@pytest.fixture
def users(tmp_path: Path) -> Path:
    return tmp_path / "home/.pulumi"


def built(layout: Layout, tool: Tool, key: str = "0123") -> str:
    return plugin(layout.artefacts / f"{tool.recipe.program}-{key}", tool)


def plugin(folder: Path, tool: Tool) -> str:
    folder.mkdir(parents=True)
    (folder / tool.recipe.program).write_text(f"#!/bin/sh\n# {folder}\n")
    (folder / tool.recipe.program).chmod(0o755)
    return str(folder)


def found(layout: Layout) -> dict[str, str]:
    """The plugins in our home, as the CLI sees them: real folders, named by version, with the program inside."""
    folders = [path for path in (layout.pulumi_home / "plugins").iterdir() if path.is_dir() and not path.is_symlink()]
    return {folder.name: next(folder.iterdir()).read_text().split()[-1] for folder in folders}


def test_our_plugins_lie_where_the_cli_looks_for_the_programs_versions(layout: Layout, users: Path) -> None:
    state = State({tool.name: built(layout, tool) for tool in (DOCKER, DOCKER_BUILD, KUBERNETES)})
    pulumi_home.prepare(layout, state, users)
    assert found(layout) == {
        "resource-docker-v5.2.0": state.artefacts[DOCKER.name],
        "resource-docker-build-v0.0.22": state.artefacts[DOCKER_BUILD.name],
        # The stand-in is release 2.0.0: asked by the CLI, it says so.
        "resource-kubernetes-v4.34.2": state.artefacts[KUBERNETES.name],
    }


def test_a_newer_build_and_the_makers_release_take_the_place_of_ours(layout: Layout, users: Path) -> None:
    state = State({tool.name: built(layout, tool) for tool in (DOCKER, DOCKER_BUILD)})
    pulumi_home.prepare(layout, state, users)
    genuine = plugin(users / "plugins/resource-docker-v5.3.0", DOCKER)
    newer = built(layout, DOCKER_BUILD, "4567")
    pulumi_home.prepare(layout, State({DOCKER.name: None, DOCKER_BUILD.name: newer}), users)
    assert found(layout) == {"resource-docker-v5.3.0": genuine, "resource-docker-build-v0.0.22": newer}


def test_the_selected_stack_and_the_login_stay_the_users(layout: Layout, users: Path) -> None:
    state = State({DOCKER.name: built(layout, DOCKER)})
    for _ in range(2):
        pulumi_home.prepare(layout, state, users)
    (layout.pulumi_home / "workspaces/selected.json").write_text("dev")
    assert (users / "workspaces/selected.json").read_text() == "dev"
    variables = environment.additions(layout, state, {})
    assert variables["PULUMI_HOME"] == str(layout.pulumi_home)
    assert variables["PULUMI_CREDENTIALS_PATH"] == str(pulumi_home.of_user())


def test_without_plugins_of_ours_the_users_home_is_used(layout: Layout, users: Path) -> None:
    pulumi_home.prepare(layout, State({DOCKER.name: None}), users)
    assert not users.exists()
    assert "PULUMI_HOME" not in environment.additions(layout, State({DOCKER.name: None}), {})


def test_in_a_home_that_the_user_chose_our_plugins_are_found_on_path(layout: Layout) -> None:
    state = State({DOCKER.name: built(layout, DOCKER)})
    variables = environment.additions(layout, state, {"PATH": "/bin", "PULUMI_HOME": "/mine"})
    assert "PULUMI_HOME" not in variables
    assert variables["PATH"].split(":")[2:] == [str(layout.pulumi_home / "plugins/resource-docker-v5.2.0"), "/bin"]
