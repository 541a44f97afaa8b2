"""What is generated from the settings is up to date, and what is committed is valid."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from components.settings import Settings
from ops.commands import settings_docs
from tests.support.configuration import load
from tests.support.program import completed
from tests.support.project import PROJECT
from tests.support.settings_tables import every_setting

STACKS = sorted(path.name.split(".")[1] for path in PROJECT.glob("Pulumi.*.yaml"))
PROJECT_FILE: dict[str, Any] = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())


def test_the_project_file_is_what_make_docs_writes() -> None:
    text = (PROJECT / settings_docs.PROJECT).read_text()
    assert settings_docs.project_file(text) == text, "run: make docs"


def test_the_page_is_what_make_docs_writes() -> None:
    assert settings_docs.page() == (PROJECT / settings_docs.PAGE).read_text(), "run: make docs"


def test_make_docs_renews_an_old_schema_and_leaves_the_rest() -> None:
    text = (PROJECT / settings_docs.PROJECT).read_text()
    head, rest = text.split(settings_docs.MARK)
    old = head + settings_docs.MARK + "config:\n  gone:\n    type: string\n"
    assert settings_docs.project_file(old) == head + settings_docs.MARK + rest


def test_pulumi_knows_the_types() -> None:
    types = {key: one["type"] for key, one in PROJECT_FILE["config"].items()}
    assert set(types.values()) <= {"string", "boolean", "integer", "array", "object"}
    assert types["liveReload"] == "boolean"
    assert types["environment"] == "object"


def test_every_setting_is_on_the_page_with_its_meaning() -> None:
    rows = [line.split(" | ") for line in settings_docs.page().splitlines() if line.startswith("| `")]
    assert {row[0].strip("| `") for row in rows} == set(every_setting())
    assert all(row[2].strip() and row[3].strip(" |") for row in rows)


def test_secrets_are_marked_on_the_page() -> None:
    marked = {line.split("`")[1] for line in settings_docs.page().splitlines() if "**Secret.**" in line}
    assert marked == {
        "environment.jwtSecret",
        "environment.secretVariables",
        "registry.password",
        "image.goProxy",
        "edge.tls.key",
        "edge.authentication.apiKeys",
        "edge.authentication.users",
        "edge.authentication.jwt.previousSecret",
    }


def test_the_defaults_in_the_project_file_are_the_programs() -> None:
    """Pulumi hands these to the program as if the stack had said them."""
    defaults = {key: one["default"] for key, one in PROJECT_FILE["config"].items()}
    as_text = {key: str(value).lower() if isinstance(value, bool) else value for key, value in defaults.items()}
    assert load(as_text).settings == Settings()


@pytest.mark.parametrize("stack", STACKS)
def test_every_key_of_a_committed_stack_is_valid(stack: str) -> None:
    assert load(completed(stack)).settings


def test_every_test_that_the_plan_names_exists() -> None:
    """docs/plan.md names tests as u/file.py or e/file.py::beginning_of_a_name, ended by … where it is cut."""
    folders = {
        "u": PROJECT / "tests/unit",
        "a": PROJECT / "tests/audit",
        "e": PROJECT / "tests/e2e",
        "g": PROJECT / "tests/edge",
        "p": PROJECT / "tests/policy",
    }
    named = re.findall(r"`([uaegp])/(\w+\.py)(?:::(\w+))?…?`", (PROJECT / "docs/plan.md").read_text())
    assert len(named) > 20
    missing = [
        f"{folder}/{file}::{test}"
        for folder, file, test in named
        if not (folders[folder] / file).is_file() or f"def {test}" not in (folders[folder] / file).read_text()
    ]
    assert missing == []
