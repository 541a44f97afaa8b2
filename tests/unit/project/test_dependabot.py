"""What the project pins is kept new: Python's packages, Go modules, base images and actions."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.project import PROJECT

REPLACEMENTS = {"toolchain/modules/docker-build/javastub", "toolchain/modules/kubernetes/fieldpathshim"}
"""Modules of our own in place of others; what they require is pinned by the module beside them."""

UPDATES: Sequence[Mapping[str, Any]] = yaml.safe_load((PROJECT / ".github/dependabot.yml").read_text())["updates"]


def folders(ecosystem: str) -> set[str]:
    """The project's folders that are looked at; `*` in a name stands for any."""
    patterns = [
        pattern
        for update in UPDATES
        if update["package-ecosystem"] == ecosystem
        for pattern in update.get("directories", [update.get("directory")])
    ]
    found = [folder for pattern in patterns if pattern != "/" for folder in PROJECT.glob(f".{pattern}")]
    return {str(folder.relative_to(PROJECT)) for folder in found} | ({"."} if "/" in patterns else set())


@pytest.mark.parametrize(
    ("ecosystem", "files"), [("pip", "requirements*.txt"), ("gomod", "go.mod"), ("docker", "Dockerfile*")]
)
def test_every_folder_with_pins_is_looked_at(ecosystem: str, files: str) -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", f":(glob)**/{files}"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.splitlines()
    expected = {str(Path(name).parent) for name in listed} - REPLACEMENTS
    assert expected and expected <= folders(ecosystem)


def test_every_action_is_looked_at() -> None:
    actions = {str(file.parent.relative_to(PROJECT)) for file in PROJECT.glob(".github/actions/*/action.yml")}
    assert folders("github-actions") == {".", *actions}


def test_others_have_had_a_week_with_it() -> None:
    assert all(update["cooldown"]["default-days"] >= 7 for update in UPDATES)
