"""`make api-key NAME=...`: what is printed, what is kept, and where the key is never seen."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

import pytest
import yaml

from ops import __main__ as commands
from ops.commands import api_key
from ops.stack.stack_error import StackError
from tests.support.fake_cli import called, project
from toolchain.passphrase import PASSPHRASE_VARIABLES

FAKE_CLI = """#!/bin/sh
printf '%s\\n' "$@" > called
cat > stored
echo "error: no such stack" >&2
exit ${FAKE_EXIT:-0}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one stack and a CLI that notes how it is called."""
    return project(tmp_path, monkeypatch, FAKE_CLI, PASSPHRASE_VARIABLES)


def test_the_key_is_printed_and_only_its_hash_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert api_key.create_key("dev", "ci") == 0
    printed = capsys.readouterr()
    key = printed.out.strip()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", key), "32 random bytes that need no quotes"
    assert Path("stored").read_text() == hashlib.sha256(key.encode()).hexdigest()
    assert key not in printed.err
    assert called() == [
        "config",
        "set",
        "--secret",
        "--path",
        "mimir:edge.authentication.apiKeys.ci",
        "--stack",
        "dev",
    ], "neither the key nor its hash is an argument, which other users of the machine could read"


def test_two_keys_differ(capsys: pytest.CaptureFixture[str]) -> None:
    api_key.create_key("dev", "one")
    api_key.create_key("dev", "two")
    assert len(set(capsys.readouterr().out.split())) == 2


def test_a_name_with_a_dot_is_one_name() -> None:
    api_key.create_key("dev", "ci@example.com")
    assert 'mimir:edge.authentication.apiKeys["ci@example.com"]' in called()


@pytest.mark.parametrize("name", ["", "a b", "-x", 'a"]', "a\nb", "x" * 64, "ä"])
def test_what_is_no_name_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StackError, match="NAME="):
        api_key.create_key("dev", name)
    assert not Path("called").exists()
    assert capsys.readouterr().out == ""


def test_a_key_is_not_replaced_without_a_word() -> None:
    keys = {"edge": {"authentication": {"apiKeys": {"ci": {"secure": "v1:abc"}}}}}
    Path("Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"mimir:edge": keys["edge"]}}))
    with pytest.raises(StackError, match=r"ci has a key already.*pulumi config rm --stack dev --path"):
        api_key.create_key("dev", "ci")
    assert not Path("called").exists()
    assert api_key.create_key("dev", "deploy") == 0


def test_a_key_that_was_not_stored_is_not_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_EXIT", "1")
    with pytest.raises(StackError, match="not stored: error: no such stack"):
        api_key.create_key("dev", "ci")
    assert capsys.readouterr().out == ""


def test_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["ops", "api-key", "--stack", "dev", "--name", "ci"])
    assert commands.main() == 0
    monkeypatch.setattr(sys, "argv", ["ops", "api-key", "--stack", "dev"])
    assert commands.main() == 1
    assert "NAME=ci" in capsys.readouterr().err
