"""Whether a violation stops a stack is not for the stack to choose: only a plain `development` is merely told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.update import policy_packs
from tests.support.project import PROJECT


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a project file."""
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.yaml").write_text("name: mimir\n")


def is_enforced(text: str, stack: str = "one") -> bool:
    """Whether a stack whose file has this text is stopped."""
    Path(f"Pulumi.{stack}.yaml").write_text(text)
    return policy_packs.is_enforced(stack)


def test_a_plain_development_is_told() -> None:
    assert not is_enforced("config:\n  mimir:runtime: development\n")
    assert not is_enforced('config: {"mimir:runtime": "development"}\n')
    assert not is_enforced("environment: [team/shared]\nconfig:\n  mimir:runtime: development\n"), "the file's own wins"


@pytest.mark.parametrize(
    "text",
    [
        "config:\n  mimir:runtime: production\n",
        "config:\n  mimir:runtime: {secure: v1:abc}\n",
        "config:\n  mimir:runtime: Development\n",
        "config:\n  mimir:runtime: [development]\n",
        "config:\n  mimir:runtime:\n",
        "config:\n  mimir:platform: docker\n",
        "config: {}\n",
        "",
        "environment: [team/production]\n",
        "environment:\n  values: {pulumiConfig: {mimir:runtime: production}}\nconfig: {}\n",
        "config:\n  mimir:runtime: development\n  mimir:config:runtime: production\n",
        "config:\n  mimir:runtime: development\n  runtime: {secure: v1:abc}\n",
    ],
)
def test_everything_else_is_stopped(text: str) -> None:
    assert is_enforced(text)


@pytest.mark.parametrize("stack", ["prod", "staging", "prod-eu", "production", "team/mimir/prod"])
def test_a_stack_that_is_named_as_production_is_stopped_whatever_its_file_says(stack: str) -> None:
    Path(f"Pulumi.{stack}.yaml").parent.mkdir(parents=True, exist_ok=True)
    assert is_enforced("config:\n  mimir:runtime: development\n", stack)


@pytest.mark.parametrize("text", ["stacks: prod\n", "- prod\n", "", "stacks: [5]\n", "stacks: [\n", None])
def test_every_stack_is_stopped_where_production_cannot_be_read(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_packs, "PRODUCTION", tmp_path / "production.yaml")
    if text is not None:
        policy_packs.PRODUCTION.write_text(text)
    assert is_enforced("config:\n  mimir:runtime: development\n")


@pytest.mark.parametrize("line", ["stackConfigDir: elsewhere\n", "config: elsewhere\n"])
def test_a_stack_whose_file_the_cli_reads_elsewhere_is_stopped(line: str) -> None:
    Path("Pulumi.yaml").write_text(f"name: mimir\n{line}")
    assert is_enforced("config:\n  mimir:runtime: development\n")


def test_the_committed_stacks_are_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    enforced = {stack: policy_packs.is_enforced(stack) for stack in ("dev", "staging", "prod")}
    assert enforced == {"dev": False, "staging": True, "prod": True}
    assert policy_packs.notice("dev") is None and policy_packs.notice("prod") is None


def test_a_stack_that_says_nothing_is_told_what_to_do() -> None:
    assert is_enforced("config: {}\n")
    notice = policy_packs.notice("one")
    assert notice and "pulumi config set mimir:runtime development --stack one" in notice
    assert is_enforced("config:\n  mimir:runtime: production\n") and policy_packs.notice("one") is None
