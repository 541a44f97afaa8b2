"""`move-state`: what is refused, what is proved before anything changes, and what an interruption leaves."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops import __main__ as commands
from ops.audit_log.location import VARIABLE
from ops.audit_log.log import open_log
from ops.audit_log.record import Moved
from ops.state.state_backend import StateBackend
from tests.support.fake_cli import project
from tests.support.fake_state_cli import Cli, state_of
from toolchain.passphrase import PASSPHRASE_VARIABLES


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose state is in its folder, and another folder for it."""
    folder = project(tmp_path, monkeypatch, "#!/bin/sh\n", (*PASSPHRASE_VARIABLES, "PULUMI_BACKEND_URL", VARIABLE))
    Path(".passphrase").write_text("of this checkout")
    Path("Pulumi.dev.yaml").write_text("config:\n  a: b\n")
    (folder / "there").mkdir()
    return folder


@pytest.fixture
def cli(here: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A stack with two resources, which can be moved."""
    fake = Cli({f"file://{here}": state_of("one", "two")})
    monkeypatch.setattr(StateBackend, "run", lambda place, *arguments, stdin=None: fake(place, *arguments, stdin=stdin))
    return fake


@pytest.fixture
def move(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs `move-state` and returns what it says; of a refusal the error."""

    def run(*arguments: str, code: int = 0, to: str | None = None) -> str:
        target = to or f"file://{here}/there"
        monkeypatch.setattr(sys, "argv", ["ops", "move-state", "--to", target, *arguments])
        assert commands.main() == code
        output = capsys.readouterr()
        return output.err if code else output.out

    return run


def untouched(here: Path) -> bool:
    """Whether the stack is where it was."""
    in_log = [entry for entry in open_log("dev").read().entries if isinstance(entry, Moved)]
    return not in_log and (here / "Pulumi.dev.yaml").read_text() == "config:\n  a: b\n"


Mover = Callable[..., str]


def test_state_stack_file_and_log_go_together(here: Path, cli: Cli, move: Mover) -> None:
    output = move()
    assert cli.states[f"file://{here}/there"] == cli.states[f"file://{here}"], "the old one is left as it was"
    assert "2 resources and 2 encrypted values" in output and "a preview there shows no change" in output
    assert f"export PULUMI_BACKEND_URL='file://{here}/there'" in output
    assert f"PULUMI_BACKEND_URL='file://{here}' pulumi stack rm dev" in output
    assert yaml.safe_load(Path("Pulumi.dev.yaml").read_text())["encryptionsalt"] == "new"
    assert Path(".build/move-state/Pulumi.dev.yaml.before").read_text() == "config:\n  a: b\n"
    assert not Path(".build/move-state/dev").exists()
    assert open_log("dev").read() == open_log("dev", f"file://{here}/there").read()
    [moved] = open_log("dev").read().entries
    assert isinstance(moved, Moved) and (moved.target, moved.resources) == (f"file://{here}/there", 2)


def test_nothing_is_deployed(cli: Cli, move: Mover) -> None:
    move()
    assert not [call for call in cli.calls if call.split()[0] in ("up", "destroy", "refresh")]


def test_a_preview_that_is_not_empty_is_said(cli: Cli, move: Mover) -> None:
    cli.previewed = 255
    assert "a preview there shows changes" in move()


def test_a_second_run_only_says_what_is_next(cli: Cli, move: Mover) -> None:
    move()
    cli.calls.clear()
    output = move()
    assert "was moved before" in output and "export PULUMI_BACKEND_URL" in output
    assert cli.calls == []


def test_what_was_interrupted_before_the_stack_file_changed_goes_on(here: Path, cli: Cli, move: Mover) -> None:
    move()
    (here / ".build/move-state/dev").mkdir()
    Path(".build/move-state/dev/Pulumi.dev.yaml").write_text("config: {}\n")
    shutil.rmtree(here / "there/.mimir")
    move()
    assert Path("Pulumi.dev.yaml").read_text() == "config: {}\n"
    assert open_log("dev").read() == open_log("dev", f"file://{here}/there").read()


class TestRefusals:
    """What is not moved."""

    def test_everything_that_is_wrong_is_in_one_error(self, here: Path, cli: Cli, move: Mover) -> None:
        locks = here / ".pulumi/locks/organization/mimir/dev"
        locks.mkdir(parents=True)
        (locks / "1.json").write_text("{}")
        cli.states[f"file://{here}"] = {"resources": [], "pending_operations": [{"type": "creating"}]}
        output = move(code=1)
        for words in ("locked", "interrupted", "no resource", "pulumi cancel --yes dev", "make up STACK=dev"):
            assert words in output
        assert f"file://{here}/there" not in cli.states and untouched(here)

    def test_a_target_with_something_else(self, here: Path, cli: Cli, move: Mover) -> None:
        cli.states[f"file://{here}/there"] = state_of("other")
        assert "already has a stack dev with 1 resources" in move(code=1)
        assert cli.states[f"file://{here}/there"] == state_of("other") and untouched(here)

    def test_even_the_same_content_is_not_overwritten_if_nobody_knows_whose_it_is(
        self, here: Path, cli: Cli, move: Mover
    ) -> None:
        cli.states[f"file://{here}/there"] = state_of("one", "two")
        assert "which is not overwritten" in move(code=1)

    def test_the_place_where_it_is(self, here: Path, cli: Cli, move: Mover) -> None:
        assert "already" in move(code=1, to="file://./there/..")

    def test_a_folder_that_is_not_there(self, cli: Cli, move: Mover) -> None:
        assert "mkdir -m 700 -p" in move(code=1, to="file://./nowhere")

    @pytest.mark.parametrize(
        ("text", "mode", "more", "output"),
        [
            ("", 0o600, (), "missing or empty"),
            ("new", 0o644, (), "other users can read it: chmod 600"),
            ("new", 0o600, ("--secrets-provider", "awskms://alias/x"), "awskms://alias/x uses no passphrase"),
        ],
    )
    def test_a_passphrase_that_is_none(
        self, here: Path, cli: Cli, move: Mover, text: str, mode: int, more: tuple[str, ...], output: str
    ) -> None:
        file = here / "new"
        file.write_text(text)
        file.chmod(mode)
        assert output in move("--passphrase-file", str(file), *more, code=1)
        assert cli.calls == []


class TestVerification:
    """What must be the same before the stack file changes."""

    def test_a_resource_that_is_lost(self, here: Path, cli: Cli, move: Mover) -> None:
        cli.migrated = lambda state: state["resources"].pop()
        assert "differs: the resources" in move(code=1)
        assert f"file://{here}/there" not in cli.states, "a wrong copy is removed"
        assert untouched(here)

    def test_a_setting_that_is_another(self, here: Path, cli: Cli, move: Mover) -> None:
        cli.settings = {f"file://{here}": {"mimir:port": "8080"}}
        assert "differs: the settings" in move(code=1)
        assert untouched(here)

    def test_a_secret_that_is_not_encrypted(self, here: Path, cli: Cli, move: Mover) -> None:
        def bare(state: dict[str, Any]) -> None:
            state["resources"][0]["outputs"]["token"]["bare"] = True

        cli.migrated = bare
        assert "not all encrypted" in move(code=1)
        assert untouched(here)

    def test_an_update_at_the_old_place_meanwhile(self, here: Path, cli: Cli, move: Mover) -> None:
        cli.migrated = lambda _: cli.states.update({f"file://{here}": state_of("one", "two", "three")})
        assert "which has changed since" in move(code=1)
        assert untouched(here)

    def test_what_an_interrupted_move_left_is_made_anew(self, here: Path, cli: Cli, move: Mover) -> None:
        def killed(_: dict[str, Any]) -> None:
            cli.states[f"file://{here}/there"] = state_of("one", "two")
            raise KeyboardInterrupt

        cli.migrated = killed
        with pytest.raises(KeyboardInterrupt):
            move()
        assert untouched(here)
        cli.migrated = lambda _: None
        assert "was moved to" in move()
        assert [call for call in cli.calls if call.startswith("stack rm")]

    def test_an_empty_stack_there_is_no_hindrance(self, here: Path, cli: Cli, move: Mover) -> None:
        cli.states[f"file://{here}/there"] = {}
        assert "was moved to" in move()


class TestSecretsProvider:
    """What the secrets are encrypted with at the new place."""

    def test_it_stays_what_it_is(self, cli: Cli, move: Mover) -> None:
        Path("Pulumi.dev.yaml").write_text("secretsprovider: awskms://alias/x\n")
        move()
        assert any("--secrets-provider awskms://alias/x" in call for call in cli.calls)

    def test_another_passphrase_is_an_argument_of_no_process(self, here: Path, cli: Cli, move: Mover) -> None:
        Path("Pulumi.dev.yaml").write_text("encryptionsalt: v1:abc\n")
        file = here / "new"
        file.touch(mode=0o600)
        file.write_text("a-new-passphrase\n")
        output = move("--passphrase-file", str(file))
        assert "a-new-passphrase" in cli.stdin
        assert not [call for call in cli.calls if "a-new-passphrase" in call]
        assert f"export PULUMI_CONFIG_PASSPHRASE_FILE='{file}'" in output
