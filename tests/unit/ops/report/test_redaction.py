"""No secret is in a report, whatever way it took; and settings are compared without showing any."""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from pulumi.automation import ConfigValue

from ops.report import report_files
from ops.report.changed_settings import differing
from ops.report.redaction import redaction
from ops.report.redaction.redaction import MASK, Redaction
from tests.support.reports import report

SECRET = 'pa"ss w/ord&1'
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSjAgEAAoIBAQ\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "form",
    [SECRET, json.dumps(SECRET), quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode(), f"x{SECRET}y"],
)
def test_a_secret_is_masked_in_every_form(form: str) -> None:
    text = Redaction([SECRET])(f"error: {form}!")
    assert MASK in text
    assert form not in text


def test_each_line_of_a_key_is_one() -> None:
    text = Redaction([KEY])("first MIIEvQIBADANBgkqhkiG9w0BAQEF then AASCBKcwggSjAgEAAoIBAQ")
    assert text == f"first {MASK} then {MASK}"


def test_the_longer_of_two_is_masked_whole() -> None:
    assert Redaction(["secret-1", "secret-1-and-more"])("secret-1-and-more") == MASK


def test_words_of_every_day_stay() -> None:
    assert Redaction(["true", "1", ""])("true is 1") == "true is 1"


class Stack:
    """A stack with this configuration, as the Automation API tells it."""

    name = "dev"

    def __init__(self, config: dict[str, ConfigValue]) -> None:
        self.config = config

    def get_all_config(self) -> dict[str, ConfigValue]:
        return self.config


def masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> Redaction:
    monkeypatch.chdir(tmp_path)
    section = {"logLevel": "WARNING", "secretVariables": {"TOKEN": {"secure": "v1:xyz"}}, "list": [{"secure": "v1:a"}]}
    Path("Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"mimir:environment": section}}))
    clear = {"logLevel": "WARNING", "secretVariables": {"TOKEN": "decrypted-one"}, "list": ["decrypted-two"]}
    stack: Any = Stack({"mimir:environment": ConfigValue(value=json.dumps(clear), secret=True)})
    return redaction.collect_secrets(stack, environment)


def test_what_stands_encrypted_in_the_stack_file_is_masked_and_its_neighbours_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = masked(tmp_path, monkeypatch)
    assert clean("WARNING decrypted-one decrypted-two") == f"WARNING {MASK} {MASK}"


@pytest.mark.parametrize(
    "name", ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"]
)
def test_secrets_of_the_environment_are_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    clean = masked(tmp_path, monkeypatch, **{name: "from-the-environment", "HOME": "/home/somebody"})
    assert clean("from-the-environment /home/somebody") == f"{MASK} /home/somebody"


def test_a_passphrase_in_a_file_is_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "phrase").write_text("the-passphrase\n")
    clean = masked(tmp_path, monkeypatch, PULUMI_CONFIG_PASSPHRASE_FILE=str(tmp_path / "phrase"))
    assert clean("the-passphrase") == MASK


def test_every_file_of_a_report_is_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_TOKEN", "leaks-everywhere")
    said = report(errors=["error: leaks-everywhere"], warnings=["warning: leaks-everywhere"], image="leaks-everywhere")
    arguments = argparse.Namespace(json=False, detailed_exitcode=True)
    stack: Any = Stack({})
    assert report_files.write(stack, said, "the CLI says leaks-everywhere", arguments) == 1
    files = sorted(path.name for path in report_files.FOLDER.iterdir())
    assert files == ["dev.full.md", "dev.json", "dev.md", "dev.txt"]
    for text in [capsys.readouterr().out, *(path.read_text() for path in report_files.FOLDER.iterdir())]:
        assert MASK in text
        assert "leaks-everywhere" not in text


class TestChangedSettings:
    @staticmethod
    def of(before: dict[str, Any], after: dict[str, Any], defaults: dict[str, Any] | None = None) -> tuple[str, ...]:
        sides = [
            {key: ConfigValue(value if isinstance(value, str) else json.dumps(value)) for key, value in side.items()}
            for side in (before, after)
        ]
        return differing(sides[0], sides[1], defaults or {})

    def test_the_path_of_each_leaf_that_differs(self) -> None:
        before = {"mimir:limits": {"memoryMib": 256, "cpus": 1}, "mimir:platform": "docker"}
        after = {"mimir:limits": {"memoryMib": 512, "cpus": 1}, "mimir:platform": "kubernetes"}
        assert self.of(before, after) == ("limits.memoryMib", "platform")

    def test_what_is_added_and_what_is_removed(self) -> None:
        assert self.of({"mimir:a": {"x": "1"}}, {"mimir:b": {"y": "1"}}) == ("a.x", "b.y")

    def test_a_default_that_a_section_hides_is_no_difference(self) -> None:
        defaults = {"mimir:limits": {"memoryMib": 256, "cpus": 1}}
        before, after = {"mimir:limits": {"memoryMib": 256, "cpus": 1}}, {"mimir:limits": {"memoryMib": 512}}
        assert self.of(before, after, defaults) == ("limits.memoryMib",)

    def test_a_changed_secret_is_seen_and_not_shown(self) -> None:
        assert self.of({"mimir:e": {"k": "old-secret"}}, {"mimir:e": {"k": "new-secret"}}) == ("e.k",)
