"""The commands' stack: its passphrase, and the CLI that works on it."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from components.constants import OVERRIDES
from ops import __main__ as commands
from ops.stack import cli
from ops.stack.stack_error import StackError
from tests.support.fake_cli import called, project
from toolchain.passphrase import PASSPHRASE, PASSPHRASE_VARIABLES

FAKE_CLI = """#!/bin/sh
case "$2" in export | history) exit 1 ;; esac  # what the audit log asks is no call of the command
printf '%s\\n' "$@" > called
env > environment
echo "error: no such backend" >&2
exit ${FAKE_EXIT:-0}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one stack and a CLI that notes how it is called."""
    return project(tmp_path, monkeypatch, FAKE_CLI, (*PASSPHRASE_VARIABLES, OVERRIDES, "PULUMI_BACKEND_URL"))


def environment() -> dict[str, str]:
    """The environment of the last call of the CLI."""
    lines = Path("environment").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


class TestPassphrase:
    """The key of a checkout's secrets."""

    def test_one_is_made_that_only_its_owner_reads(self, capsys: pytest.CaptureFixture[str]) -> None:
        cli.select("dev")
        assert stat.S_IMODE(PASSPHRASE.stat().st_mode) == 0o600
        assert len(PASSPHRASE.read_text()) >= 32
        captured = capsys.readouterr()
        assert "keep a copy" in captured.err
        assert captured.out == "", "where others read JSON or a key"
        assert PASSPHRASE.read_text() not in captured.err
        assert environment()["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(PASSPHRASE.absolute())

    def test_two_checkouts_have_two(self) -> None:
        cli.select("dev")
        first = PASSPHRASE.read_text()
        PASSPHRASE.unlink()
        cli.select("dev")
        assert PASSPHRASE.read_text() != first

    def test_one_that_could_not_be_written_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        write = Path.write_text

        def full(path: Path, text: str) -> int:
            write(path, text[:5])
            raise OSError("No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_text", full)
            with pytest.raises(OSError, match="No space"):
                cli.select("dev")
        assert not PASSPHRASE.exists(), "half a passphrase encrypts as well"
        cli.select("dev")
        assert len(PASSPHRASE.read_text()) >= 32
        assert stat.S_IMODE(PASSPHRASE.stat().st_mode) == 0o600

    def test_the_one_that_is_there_stays(self) -> None:
        PASSPHRASE.write_text("mine")
        Path("Pulumi.dev.yaml").write_text("encryptionsalt: v1:abc\n")
        cli.select("dev")
        assert PASSPHRASE.read_text() == "mine"

    @pytest.mark.parametrize("name", PASSPHRASE_VARIABLES)
    def test_the_users_own_wins(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(name, "theirs")
        cli.select("dev")
        assert not PASSPHRASE.exists()
        assert {key: environment().get(key) for key in PASSPHRASE_VARIABLES} == {
            key: "theirs" if key == name else None for key in PASSPHRASE_VARIABLES
        }

    def test_an_empty_one_is_the_users_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
        PASSPHRASE.write_text("of this checkout")
        assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in cli.environment()

    def test_secrets_of_another_checkout_are_not_given_a_new_key(self) -> None:
        Path("Pulumi.dev.yaml").write_text("encryptionsalt: v1:abc\nconfig: {}\n")
        with pytest.raises(StackError, match="PULUMI_CONFIG_PASSPHRASE_FILE"):
            cli.select("dev")
        assert not PASSPHRASE.exists()
        assert not Path("called").exists()

    def test_a_stack_with_another_secrets_provider_needs_none(self) -> None:
        Path("Pulumi.dev.yaml").write_text("secretsprovider: awskms://alias/x\n")
        cli.select("dev")
        assert not PASSPHRASE.exists()


def test_an_empty_stack_file_is_one() -> None:
    Path("Pulumi.dev.yaml").write_text("# nothing yet\n")
    cli.select("dev")
    assert called() == ["stack", "select", "--create", "dev"]


def test_a_stack_that_is_not_there_lists_those_that_are() -> None:
    Path("Pulumi.prod.yaml").write_text("")
    with pytest.raises(StackError, match="known stacks: dev, prod") as caught:
        cli.select("stage")
    assert "cp Pulumi.dev.yaml Pulumi.stage.yaml" in str(caught.value)


def test_what_the_cli_says_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_EXIT", "255")
    with pytest.raises(StackError, match="error: no such backend"):
        cli.select("dev")


def test_overrides_reach_the_program_and_the_exit_code_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_EXIT", "3")
    assert cli.pulumi("up", "--yes", stack="dev", overrides={"liveReload": True}) == 3
    assert called()[:4] == ["up", "--yes", "--stack", "dev"]
    assert json.loads(environment()[OVERRIDES]) == {"liveReload": True}


def test_without_overrides_there_is_no_variable() -> None:
    assert cli.pulumi("up", stack="dev", overrides={}) == 0
    assert OVERRIDES not in environment()


class TestOutputs:
    """What a stack says of itself."""

    def test_all_of_them(self, here: Path) -> None:
        PASSPHRASE.write_text("of this checkout")
        (here / "bin/pulumi").write_text(FAKE_CLI.replace("exit", """echo '{"image": "mimir@sha256:ab"}'\nexit"""))
        assert cli.outputs("dev") == {"image": "mimir@sha256:ab"}
        assert called() == ["stack", "output", "--json", "--stack", "dev"]
        assert environment()["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(PASSPHRASE.absolute())

    def test_a_stack_that_has_none(self, here: Path) -> None:
        (here / "bin/pulumi").write_text("#!/bin/sh\necho error\nexit 1\n")
        assert cli.outputs("dev") == {}


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("config:\n  mimir:docker:\n    host: ssh://me@engine\n", "ssh://me@engine"),
        ("config:\n  mimir:docker:\n    restart: always\n", None),
        ("config:\n  mimir:docker:\n", None),
        ("config: {}\n", None),
        ("config:\n", None),
        ("# nothing yet\n", None),
    ],
)
def test_a_setting_of_the_stack_file(text: str, host: str | None) -> None:
    Path("Pulumi.dev.yaml").write_text(text)
    assert cli.setting("dev", "docker", "host") == host


def test_a_setting_at_the_top_of_the_stack_file() -> None:
    Path("Pulumi.dev.yaml").write_text("config:\n  mimir:platform: kubernetes\n")
    assert cli.setting("dev", "platform") == "kubernetes"
    assert cli.setting("dev", "platform", "more") is None


class TestCommands:
    """`python -m ops ...`."""

    @staticmethod
    def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["ops", *arguments])
        return commands.main()

    def test_up_asks_no_question(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.run(monkeypatch, "up", "--stack", "dev", "--source", str(here)) == 0
        assert "--yes" in called()
        assert "--refresh" not in called(), "it asks the registry for every image, and takes seconds"
        assert json.loads(environment()[OVERRIDES])["source"]["location"] == str(here)

    def test_production_is_judged_before_it_is_changed(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a policy says of a whole stack, it says at the end of a preview, or else of the update."""
        (here / "Pulumi.dev.yaml").write_text("config:\n  mimir:runtime: development\n")
        self.run(monkeypatch, "up")
        assert "--skip-preview" in called()
        (here / "Pulumi.dev.yaml").write_text("config:\n  mimir:runtime: production\n")
        self.run(monkeypatch, "up")
        assert "--skip-preview" not in called()

    def test_refresh_looks_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.run(monkeypatch, "refresh") == 0
        assert called()[0] == "up"
        assert "--refresh" in called(), "what was removed behind its back is made again"

    def test_stack_only_selects(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.run(monkeypatch, "stack") == 0
        assert called() == ["stack", "select", "--create", "dev"]
        assert PASSPHRASE.exists()

    def test_a_mistake_is_one_line_and_an_exit_code(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        PASSPHRASE.write_text("of this checkout")
        assert self.run(monkeypatch, "up", "--source", "./nowhere") == 1
        assert capsys.readouterr().err == "error: SOURCE=./nowhere: there is no such folder\n"
        assert self.run(monkeypatch, "up", "--stack", "nowhere") == 1
        assert "known stacks: dev" in capsys.readouterr().err

    def test_destroy_spares_what_is_protected(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
        assert self.run(monkeypatch, "destroy") == 0
        assert called()[0] == "destroy"
        assert "--exclude-protected" in called()


def test_a_damaged_state_comes_with_the_way_to_a_backup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_EXIT", "255")
    program = Path("bin/pulumi")
    program.write_text(
        program.read_text().replace("no such backend", "failed to load checkpoint: unexpected end of JSON input")
    )
    with pytest.raises(StackError, match=r"cannot be selected[^$]*\.pulumi/backups/mimir/dev/"):
        cli.select("dev")
