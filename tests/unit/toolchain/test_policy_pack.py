"""The stand-in that runs the policy pack: made only where it is needed, never stale, and said to be one."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from toolchain import environment, policy_pack
from toolchain.layout import Layout
from toolchain.state import State
from toolchain.tools import DOCKER, LANGUAGE_HOST

DESCRIBED = "name: a-pack\nruntime:\n  name: python\n  options:\n    virtualenv: ../.venv\nversion: 1.2.3\n"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})
    pack = layout.project / "policy"
    pack.mkdir(parents=True)
    (pack / "PulumiPolicy.yaml").write_text(DESCRIBED)
    (pack / "__main__.py").write_text("first")
    return layout


@pytest.fixture
def state(layout: Layout) -> State:
    """The language host and a plugin are ours."""
    return State({LANGUAGE_HOST.name: str(layout.artefacts / "host"), DOCKER.name: str(layout.artefacts / "docker")})


def test_it_is_the_pack_in_a_language_without_a_host(layout: Layout, state: State) -> None:
    policy_pack.prepare(layout, state)
    pack = policy_pack.folder(layout, state)
    assert pack
    expected = f"name: a-pack\nruntime: {policy_pack.LANGUAGE}\nversion: 1.2.3\n"
    assert (pack / "PulumiPolicy.yaml").read_text() == expected
    [row] = policy_pack.inspect_policy_pack(layout, state)
    assert row.ok and row.why.startswith("STAND-IN: ")


def test_an_edit_of_the_pack_is_in_effect_at_once_and_a_new_file_after_the_next_ensure(
    layout: Layout, state: State
) -> None:
    policy_pack.prepare(layout, state)
    pack = policy_pack.folder(layout, state)
    assert pack
    (layout.project / "policy/__main__.py").write_text("second")
    assert (pack / "__main__.py").read_text() == "second"
    (layout.project / "policy/more.json").write_text("{}")
    policy_pack.prepare(layout, state)
    assert (pack / "more.json").read_text() == "{}"


def test_the_program_that_starts_it_runs_the_sdk_on_the_folder_that_it_is_in(layout: Layout, state: State) -> None:
    policy_pack.prepare(layout, state)
    python = layout.home / "python3"
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    program = policy_pack.launcher(layout) / policy_pack.LAUNCHER
    done = subprocess.run(
        [program, "127.0.0.1:1", "."], env={"PATH": f"{layout.home}:{os.environ['PATH']}"}, capture_output=True
    )
    assert done.stdout == b"-u -m pulumi.policy 127.0.0.1:1 .\n"


def test_its_folder_is_named_for_the_projects_commands(layout: Layout, state: State) -> None:
    added = environment.additions(layout, state, {})
    assert added[policy_pack.VARIABLE] == str(policy_pack.folder(layout, state))
    assert str(policy_pack.launcher(layout)) not in added["PATH"], (
        "the CLI finds it in our PULUMI_HOME, without a warning"
    )
    users = environment.additions(layout, state, {"PULUMI_HOME": "/mine", policy_pack.VARIABLE: "/another"})
    assert policy_pack.VARIABLE not in users
    assert str(policy_pack.launcher(layout)) in users["PATH"], "in another home it is not found"


def test_with_the_makers_cli_there_is_none(layout: Layout, state: State) -> None:
    policy_pack.prepare(layout, state)
    state.artefacts[LANGUAGE_HOST.name] = None
    policy_pack.prepare(layout, state)
    assert policy_pack.folder(layout, state) is None
    assert policy_pack.inspect_policy_pack(layout, state) == []
    assert not (layout.corner / "policy").exists() and not policy_pack.launcher(layout).exists()
    assert policy_pack.VARIABLE not in environment.additions(layout, state, {})


def test_one_that_is_gone_is_a_problem(layout: Layout, state: State) -> None:
    [row] = policy_pack.inspect_policy_pack(layout, state)
    assert not row.ok


def snapshot(*folders: Path) -> dict[str, tuple[int, int]]:
    """What there is, and whether it is still the same file."""
    paths = [path for folder in folders for path in (folder, *folder.iterdir())]
    return {str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in paths}


def test_one_that_is_right_is_left_alone(layout: Layout, state: State) -> None:
    policy_pack.prepare(layout, state)
    pack = policy_pack.folder(layout, state)
    assert pack
    before = snapshot(pack, policy_pack.launcher(layout))
    policy_pack.prepare(layout, state)
    assert snapshot(pack, policy_pack.launcher(layout)) == before


def test_another_command_can_read_it_all_the_time(layout: Layout, state: State) -> None:
    policy_pack.prepare(layout, state)
    pack = policy_pack.folder(layout, state)
    assert pack
    read = [pack / "PulumiPolicy.yaml", pack / "__main__.py", policy_pack.launcher(layout) / policy_pack.LAUNCHER]
    ended = threading.Event()
    missed: set[str] = set()

    def reader() -> None:
        while not ended.is_set():
            missed.update(path.name for path in read if not path.exists() or not path.read_text())

    thread = threading.Thread(target=reader)
    thread.start()
    for number in range(200):
        (layout.project / "policy/PulumiPolicy.yaml").write_text(DESCRIBED + f"description: {number}\n")
        policy_pack.prepare(layout, state)
    ended.set()
    thread.join()
    assert missed == set()


def test_what_the_pack_has_no_more_and_what_a_killed_process_left_go(layout: Layout, state: State) -> None:
    (layout.project / "policy/old.json").write_text("{}")
    policy_pack.prepare(layout, state)
    pack = policy_pack.folder(layout, state)
    assert pack
    (layout.project / "policy/old.json").unlink()
    (pack / ".PulumiPolicy.yaml.new").write_text("half")
    (pack / "PulumiPolicy.yaml").write_text("another")
    policy_pack.prepare(layout, state)
    assert {path.name for path in pack.iterdir()} == {"PulumiPolicy.yaml", "__main__.py"}
    assert policy_pack.LANGUAGE in (pack / "PulumiPolicy.yaml").read_text()
