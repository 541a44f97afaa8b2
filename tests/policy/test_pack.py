"""The pack stands alone, its settings are what the CLI takes, and its page says what it does."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
import yaml

from mimir_policy.pack import NAME
from mimir_policy.rule import Rule
from mimir_policy.rules import RULES
from ops.update import policy_packs
from tests.support.project import PROJECT

PACK = PROJECT / "policy"
PAGE = (PROJECT / "docs/policy.md").read_text()
ALLOWED = {"mimir_policy", "pulumi_policy", "yaml"}
"""What it may import, besides Python's own."""


def test_it_imports_nothing_of_the_program_that_it_judges() -> None:
    imported = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else node.names[0].name.split(".")[0]
        for file in PACK.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    ours = {"components", "ops", "toolchain", "tests"}
    assert imported >= ALLOWED and not ours & imported


def test_it_is_described_for_the_makers_cli_in_the_projects_environment() -> None:
    described = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())
    project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())
    assert described["name"] == NAME
    assert described["runtime"]["name"] == "python"
    environment = (PACK / described["runtime"]["options"]["virtualenv"]).resolve()
    assert environment == (PROJECT / project["runtime"]["options"]["virtualenv"]).resolve()


@pytest.mark.parametrize(("stack", "level"), [("dev", "advisory"), ("staging", "mandatory"), ("prod", "mandatory")])
def test_production_is_stopped_and_development_is_told(stack: str, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.delenv(policy_packs.VARIABLE, raising=False)
    first, pack, second, config = policy_packs.flags(stack)
    assert (first, pack, second) == ("--policy-pack", str(PACK), "--policy-pack-config")
    assert json.loads(Path(config).read_text())["all"] == level


def test_another_pack_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(policy_packs.VARIABLE, "/another")
    assert policy_packs.pack() == "/another"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_page_has_every_rule(rule: Rule) -> None:
    assert f"| `{rule.name}` | {rule.severity} | {rule.what} | {rule.why} |" in PAGE
    for name, setting in rule.settings.items():
        assert f"| `{rule.name}.{name}` | {setting.what} | {', '.join(f'`{one}`' for one in setting.default)} |" in PAGE


def test_the_page_has_no_rule_that_is_not_there() -> None:
    listed = [line for line in PAGE.splitlines() if line.startswith("| `") and line.count("|") == 5]
    assert len(listed) == len(RULES)
