"""CONTRIBUTING.md and the other pages name files, links and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.support.project import PROJECT

CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text()
IGNORED = {line.strip("/") for line in (PROJECT / ".gitignore").read_text().splitlines()}
"""What commands write into the root folder: pages name it, and it is not in a new clone."""
ROOT = {path.name for path in PROJECT.iterdir()} - IGNORED
PAGES = sorted(
    path.relative_to(PROJECT).as_posix() for path in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
)
FENCE = re.compile(r"^(?:```.*?^```|    .*?$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?)`")


def _paths(text: str) -> set[str]:
    """What a text names in backquotes and begins in the project's root folder."""
    return {name for name in NAMED.findall(text) if name.split("/")[0] in ROOT}


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_answer_to_where_things_are_names_a_file() -> None:
    rows = [
        line for line in CONTRIBUTING.split("## Where things are\n")[1].split("\n\nWhy")[0].splitlines() if "`" in line
    ]
    answers = [re.findall(r"`([^`]+)`", row.split(" | ")[1]) for row in rows]
    assert len(answers) >= 10 and all(answers)
    assert [name for names in answers for name in names if not (PROJECT / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    assert sorted(name for name in _paths((PROJECT / page).read_text()) if not (PROJECT / name).exists()) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    missing = []
    for target in LINK.findall(FENCE.sub("", (PROJECT / page).read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (PROJECT / page).parent / path if path else PROJECT / page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in _anchors(file)):
            missing.append(target)
    assert missing == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/runbook.md", "docs/closed-networks.md"])
def test_every_make_command_of_a_page_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:`|^ +|&& )make ([a-z][a-z0-9-]*)", (PROJECT / page).read_text(), re.MULTILINE)
    assert named and set(named) <= targets


def test_every_decision_is_in_the_index() -> None:
    folder = PROJECT / "docs/decisions"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert sorted(re.findall(r"\]\((\d{4}-[^)]+)\)", (folder / "README.md").read_text())) == files
    numbers = [int(name[:4]) for name in files]
    assert numbers == list(range(1, len(files) + 1))
    for name in files:
        text = (folder / name).read_text()
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequence"], name


def test_pre_commit_downloads_nothing() -> None:
    repositories = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    hooks = repositories[0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert all(hook["entry"].startswith("python3 -m toolchain run -- ") for hook in hooks)
