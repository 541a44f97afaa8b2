"""A state in a folder is read as the CLI reads it; whatever does not look exactly so is left to the CLI."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ops.audit_log import history
from ops.stack import cli
from ops.state import local_state
from ops.state.interrupted import export_state
from tests.support.fake_cli import called, project
from toolchain.passphrase import PASSPHRASE_VARIABLES

CLI = """#!/bin/sh
printf '%s\\n' "$@" > called
echo '{"deployment": {"by": "the CLI"}}'
"""
DEPLOYMENT = {"resources": [{"urn": "urn:stack", "type": "pulumi:pulumi:Stack"}], "pending_operations": []}
FOLDER = Path(".pulumi/stacks/mimir")
HISTORY = Path(".pulumi/history/mimir/dev")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a state, a history, and a CLI that notes how it is called."""
    folder = project(tmp_path, monkeypatch, CLI, (*PASSPHRASE_VARIABLES, "PULUMI_BACKEND_URL"))
    monkeypatch.setenv("PULUMI_HOME", str(folder / "home"))
    FOLDER.mkdir(parents=True)
    write(
        {"version": 4, "features": ["hooks"], "checkpoint": {"stack": "organization/mimir/dev", "latest": DEPLOYMENT}}
    )
    for name in ("dev.json.attrs", "dev.json.bak", "dev.json.bak.attrs", "development.json"):
        (FOLDER / name).write_text("{}")
    HISTORY.mkdir(parents=True)
    select("organization/mimir/dev")
    return folder


def write(content: Any) -> None:
    (FOLDER / "dev.json").write_text(json.dumps(content))


def record(moment: int, **fields: Any) -> None:
    """An update in the history that began at `moment`, in seconds since 1970."""
    update = {"kind": "update", "startTime": moment, "endTime": moment + 2, "result": "succeeded", "version": 0}
    file = HISTORY / f"dev-{moment}000000000.history.json"
    file.write_text(json.dumps({**update, "message": f"ops up [deployment {moment}]", **fields}))
    file.with_name(f"dev-{moment}000000000.checkpoint.json").write_text("{}")
    file.with_name(f"{file.name}.attrs").write_text("{}")


def select(name: str, url: str = "file://.") -> None:
    """Have the CLI work on a stack, as it notes that itself."""
    digest = hashlib.sha1(f"{Path.cwd()}/Pulumi.yaml".encode()).hexdigest()
    file = Path(f"home/workspaces/mimir-{digest}-workspace.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"stacks": {url: name}}))


def asked() -> bool:
    """Whether the CLI was called."""
    return Path("called").exists()


class TestState:
    """What was deployed."""

    @pytest.mark.parametrize("version", local_state.FORMATS)
    def test_it_is_read_without_the_cli(self, version: int) -> None:
        write({"version": version, "checkpoint": {"stack": "organization/mimir/dev", "latest": DEPLOYMENT}})
        assert export_state("dev") == DEPLOYMENT
        assert not asked()

    @pytest.mark.parametrize(
        "content",
        [
            "",
            [],
            {"version": 5, "checkpoint": {"stack": "organization/mimir/dev", "latest": DEPLOYMENT}},
            {"version": 4, "checkpoint": {"stack": "organization/mimir/prod", "latest": DEPLOYMENT}},
            {"version": 4, "checkpoint": {"stack": "organization/mimir/dev"}},
            {"version": 4, "checkpoint": None},
            {"version": 4},
        ],
        ids=["empty", "a list", "a later format", "another stack's", "never deployed", "no checkpoint", "nothing else"],
    )
    def test_another_form_is_left_to_the_cli(self, content: Any) -> None:
        write(content)
        assert export_state("dev") == {"by": "the CLI"}
        assert called() == ["stack", "export", "--stack", "dev"]

    @pytest.mark.parametrize("name", ["dev.json.gz", "dev.json.zst"])
    def test_a_compressed_one_is_left_to_the_cli(self, name: str) -> None:
        (FOLDER / name).write_text("")
        assert local_state.deployment("dev") is None

    def test_another_place_is_left_to_the_cli(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://bucket")
        assert export_state("dev") == {"by": "the CLI"}
        monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/elsewhere")
        assert local_state.deployment("dev") is None
        monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}?no_tmp_dir=true")
        assert local_state.deployment("dev") == DEPLOYMENT

    def test_the_layout_of_older_states_is_left_to_the_cli(self) -> None:
        (FOLDER / "dev.json").rename(FOLDER.parent / "dev.json")
        assert local_state.deployment("dev") is None


class TestHistory:
    """What the updates did."""

    def test_it_is_read_without_the_cli(self) -> None:
        for moment in (1795832970, 1795832980, 1795832990):
            record(moment, resourceChanges={"same": moment % 100})
        last, before = history.read_history("dev", 2)
        assert (last.deployment, last.changes) == ("1795832990", {"same": 90})
        assert (last.started, last.seconds) == ("2026-11-28T02:29:50.000Z", 2)
        assert before.deployment == "1795832980"
        assert not asked()

    def test_an_update_that_has_not_ended_took_no_time_yet(self) -> None:
        record(1795832970, endTime=0, result="in-progress")
        [update] = history.read_history("dev", 5)
        assert (update.seconds, update.result) == (0, "in-progress")

    @pytest.mark.parametrize("content", ["", "[]", '{"kind": "update"}', '{"startTime": "noon", "kind": "update"}'])
    def test_another_form_is_left_to_the_cli(self, content: str) -> None:
        record(1795832970)
        (HISTORY / "dev-1795832980000000000.history.json").write_text(content)
        assert local_state.updates("dev", 5) is None

    def test_a_state_that_cannot_be_read_here_has_no_history_here(self) -> None:
        record(1795832970)
        (FOLDER / "dev.json").unlink()
        assert local_state.updates("dev", 5) is None


class TestSelection:
    """The stack that a `pulumi` typed by hand works on."""

    def test_the_one_that_is_selected_is_not_selected_again(self) -> None:
        cli.select("dev")
        assert not asked()

    @pytest.mark.parametrize(
        ("name", "url"),
        [("organization/mimir/prod", "file://."), ("dev", "file://."), ("organization/mimir/dev", "s3://bucket")],
        ids=["another stack", "another project's", "at another backend"],
    )
    def test_any_other_is(self, name: str, url: str) -> None:
        select(name, url)
        cli.select("dev")
        assert called() == ["stack", "select", "--create", "dev"]

    def test_one_that_does_not_exist_is_made(self) -> None:
        (FOLDER / "dev.json").unlink()
        cli.select("dev")
        assert called() == ["stack", "select", "--create", "dev"]

    @pytest.mark.parametrize("variable", ["PULUMI_BACKEND_URL", "PULUMI_HOME"])
    def test_another_environment_is_asked_anew(self, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(variable, {"PULUMI_BACKEND_URL": "s3://bucket", "PULUMI_HOME": "/elsewhere"}[variable])
        cli.select("dev")
        assert asked()

    def test_an_older_cli_notes_it_otherwise(self) -> None:
        [file] = Path("home/workspaces").iterdir()
        file.write_text('{"stack": "organization/mimir/dev"}')
        cli.select("dev")
        assert asked()
