"""The environment of `run`: our tools are found, and nothing that the user has set is touched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from toolchain import environment
from toolchain.layout import LONGEST_SOCKET_PATH, Layout
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.state import State

OWN_HOST = "unix:///cache/run/docker.sock"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})


@pytest.fixture
def state(layout: Layout) -> State:
    plugin = layout.artefacts / "pulumi-resource-docker-5.2.0-0123"
    plugin.mkdir(parents=True)
    return State({"docker plugin": str(plugin)}, {"Docker engine": {"DOCKER_HOST": OWN_HOST}})


def test_the_virtual_environment_comes_first_and_the_tools_second(layout: Layout, state: State) -> None:
    path = environment.additions(layout, state, {"PATH": f"/usr/bin:{layout.bin}:/bin"})["PATH"]
    assert path == f"{layout.venv}/bin:{layout.bin}:/usr/bin:/bin"


def test_what_the_user_has_set_is_never_overridden(layout: Layout, state: State) -> None:
    users = {
        "PATH": "/bin",
        "DOCKER_HOST": "ssh://elsewhere",
        "VIRTUAL_ENV": "/mine",
        "PULUMI_SKIP_UPDATE_CHECK": "false",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "",
        "PULUMI_HOME": "/mine",
        "PULUMI_CREDENTIALS_PATH": "/mine",
    }
    assert environment.additions(layout, state, users).keys() == {"PATH"}


def test_plugins_are_not_looked_for_only_when_ours_are_used(layout: Layout, state: State) -> None:
    name = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    assert environment.additions(layout, state, {})[name] == "true"
    state.artefacts["docker plugin"] = None
    assert name not in environment.additions(layout, state, {})


def test_the_passphrase_of_the_checkout_is_found_by_a_pulumi_in_the_same_shell(layout: Layout, state: State) -> None:
    assert not [name for name in environment.additions(layout, state, {}) if "PASSPHRASE" in name]
    layout.project.mkdir()
    passphrase = layout.project / ".passphrase"
    passphrase.write_text("of this checkout")
    assert environment.additions(layout, state, {})["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(passphrase)


@pytest.mark.parametrize("name", ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"])
@pytest.mark.parametrize("value", ["theirs", ""])
def test_the_users_own_passphrase_wins(layout: Layout, state: State, name: str, value: str) -> None:
    layout.project.mkdir()
    (layout.project / ".passphrase").write_text("of this checkout")
    assert not [one for one in environment.additions(layout, state, {name: value}) if "PASSPHRASE" in one]


def test_exports_survive_a_shell(tmp_path: Path) -> None:
    awkward = "a b'c\"$HOME"
    script = environment.exports({"AWKWARD": awkward}) + '\nprintf %s "$AWKWARD"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == awkward


def test_our_own_environment_is_not_taken_for_the_users(layout: Layout, state: State) -> None:
    state.save(layout)
    shell = {"HOME": "/h", **environment.additions(layout, state, {"PATH": "/usr/bin"})}
    assert "PULUMI_HOME" in shell

    seen = Machine.of(layout, shell).environment

    assert seen["PATH"] == "/usr/bin"
    assert "DOCKER_HOST" not in seen
    assert "PULUMI_HOME" not in seen, "our plugins would be taken for installed ones"
    assert Machine.of(layout, {**shell, "DOCKER_HOST": "unix:///theirs"}).environment["DOCKER_HOST"] == "unix:///theirs"


def test_run_before_ensure_says_what_to_do(layout: Layout) -> None:
    with pytest.raises(Problem, match="python3 -m toolchain ensure"):
        State.load_settled(layout)


def test_a_cache_that_was_emptied_is_noticed(layout: Layout, state: State) -> None:
    state.save(layout)
    assert State.load_settled(layout) == state
    (layout.artefacts / "pulumi-resource-docker-5.2.0-0123").rmdir()
    with pytest.raises(Problem, match="docker plugin"):
        State.load_settled(layout)


def test_two_checkouts_share_a_cache_but_not_their_tools(tmp_path: Path) -> None:
    cache = {"MIMIR_TOOLCHAIN_HOME": str(tmp_path)}
    one, other = Layout.of(tmp_path / "a/mimir", cache), Layout.of(tmp_path / "b/mimir", cache)
    assert one.artefacts == other.artefacts
    assert one.bin != other.bin


@pytest.mark.parametrize("depth", [1, 30])
def test_sockets_have_names_that_the_kernel_takes(depth: int) -> None:
    cache = "/" + "/".join(["deep"] * depth)
    run = Layout.of(Path("/project"), {"MIMIR_TOOLCHAIN_HOME": cache}).run
    longest = run / "engine/exec/containerd/containerd-debug.sock.ttrpc"
    assert len(os.fsencode(longest)) <= LONGEST_SOCKET_PATH
