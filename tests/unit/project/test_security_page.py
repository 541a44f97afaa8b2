"""docs/security.md names tests that exist, for every attacker."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support.project import PROJECT

PAGE = (PROJECT / "docs/security.md").read_text()
FOLDERS = {"u": "unit", "p": "policy", "a": "audit", "g": "edge", "e": "e2e"}
NAMED = sorted(set(re.findall(r"`([upage])/(test_\w+\.py)::(test_\w+)`", PAGE)))
ATTACKERS = (
    "An anonymous client",
    "A caller with a key",
    "A compromised application",
    "A neighbour in the cluster or on the engine",
    "A contributor with a pull request",
    "Somebody who can write to the registry",
    "Somebody who can read the state",
)


@pytest.mark.parametrize(("folder", "file", "test"), NAMED, ids=lambda part: part)
def test_a_test_that_it_names_is_there(folder: str, file: str, test: str) -> None:
    tree = ast.parse((PROJECT / "tests" / FOLDERS[folder] / file).read_text())
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("attacker", ATTACKERS)
def test_every_attacker_has_rows_of_four_columns_and_a_test(attacker: str) -> None:
    section = PAGE.split(f"## {attacker}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert len(rows) >= 4 and all(line.count("|") == 5 for line in rows)
    assert "::test_" in section and "May reach:" in section
