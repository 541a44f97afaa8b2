"""docs/runbook.md quotes error texts that the program has, and the pages name settings that exist."""

from __future__ import annotations

import re

import pytest

from tests.support.project import PROJECT
from tests.support.settings_tables import every_setting

RUNBOOK = (PROJECT / "docs/runbook.md").read_text()
OF_OTHERS = {
    "N problems in stack …": "a number and a word, or one problem",
    "[mandatory]": "Pulumi's display of a policy violation",
    "the stack is currently locked": "Pulumi",
    'no builder "…" found': "buildx",
}
"""Texts of other programs, or put together from parts."""


def _sources() -> str:
    """The program's texts: neighbouring literals joined, and … for each inserted value."""
    texts = [
        path.read_text() for folder in ("components", "ops", "toolchain") for path in (PROJECT / folder).rglob("*.py")
    ]
    return re.sub(r"\{[^{}\n]*\}", "…", re.sub(r'"\s*\n\s*f?"', "", "\n".join(texts)))


def _quoted() -> list[str]:
    rows = [line for line in RUNBOOK.split("## By error text\n")[1].splitlines() if line.startswith("| `")]
    return [text for row in rows for text in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


SOURCES = _sources()


@pytest.mark.parametrize("text", sorted(set(_quoted()) - set(OF_OTHERS)))
def test_an_error_text_is_the_programs(text: str) -> None:
    parts = [part.strip(" N⛔") for part in text.split("…")]
    assert [part for part in parts if part and part not in SOURCES] == []


@pytest.mark.parametrize(
    "page", sorted(path.name for path in (PROJECT / "docs").glob("*.md") if path.name != "settings.md")
)
def test_a_setting_that_a_page_names_exists(page: str) -> None:
    settings = set(every_setting())
    sections = {key[: at.start()] for key in settings for at in re.finditer(r"\.", key)}
    free = ("environment.variables.", "environment.secretVariables.", "edge.authentication.")
    named = re.findall(r"`mimir:([a-zA-Z]+(?:\.[a-zA-Z]+)*)`", (PROJECT / "docs" / page).read_text())
    assert [name for name in named if name not in settings | sections and not name.startswith(free)] == []
