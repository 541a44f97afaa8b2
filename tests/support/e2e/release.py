"""The last release: its files, and the same stack seen from a checkout of this program."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support.e2e.stack import Stack, copy_project
from tests.support.project import PROJECT

LAST_RELEASE = "1beffa118811c2fac56af4f34b29dd55b0bdb1ab"
"""The commit whose stacks users have."""

REPLACING = ("create", "delete", "replace", "create-replacement", "delete-replaced")


def files(folder: Path) -> Path:
    """The project's files at the last release, as a folder in `folder`; without the history, the test is skipped."""
    archive = folder / "project.tar"
    done = subprocess.run(
        ["git", "archive", "--output", str(archive), LAST_RELEASE], cwd=PROJECT, capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip(f"the history does not reach to the last release ({done.stderr.strip()}): git fetch --unshallow")
    project = folder / "project"
    with tarfile.open(archive) as tar:
        tar.extractall(project, filter="data")
    (project / ".venv").symlink_to(PROJECT / ".venv")
    return project


def updated(stack: Stack, folder: Path) -> Stack:
    """The same stack with the same settings, seen from a checkout of this program."""
    copy_project(folder)
    (folder / stack.file.name).write_text(stack.file.read_text())  # with the salt of its secrets
    return Stack(folder, stack.name, stack.config, stack.backend)


def planned(stack: Stack) -> list[tuple[str, str]]:
    """What an update would do besides changing in place: operation and URN of each resource."""
    steps = json.loads(stack.pulumi("preview", "--json", "--stack", stack.name).ok().text)["steps"]
    return [(step["op"], step["urn"]) for step in steps if step["op"] in REPLACING]
