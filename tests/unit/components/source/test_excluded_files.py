"""The project, its state and its secrets are never staged, wherever in the source they lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.image.build_context import BuildContext, stage
from components.settings import Settings
from tests.support import repositories
from tests.support.configuration import refusal
from tests.support.repositories import FILES, commit, create, git, write

PROJECT_FILE = "name: mimir\nruntime: python\n"
OWN = {
    "Pulumi.yaml": PROJECT_FILE,
    "__main__.py": "x",
    ".passphrase": "x",
    ".pulumi/stacks/mimir/dev.json": "{}",
    ".mimir/deployments/1.json": "{}",
    ".venv/pyvenv.cfg": "home = /usr\n",
    ".venv/lib/a.py": "x",
    ".build/context/0123/app/main.go": "x",
    "sample/main.go": "package main\n",
}
STAGED = {"go.mod", "main.go", "internal/a.go", "generate.sh", "link.go"}


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """The application's repository."""
    return create(tmp_path / "application")


@pytest.fixture
def inside(application: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project as the current folder, in the application's repository."""
    folder = repositories.project(application / "deploy", monkeypatch)
    write(folder, OWN)
    return folder


def staged(location: str, **more: Any) -> BuildContext:
    return stage(Settings.model_validate({"source": {"location": location, **more}}))


def files(context: BuildContext) -> set[str]:
    root = context.path / "app"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or path.is_file()}


def test_a_project_inside_of_the_application(application: Path, inside: Path) -> None:
    contexts = [staged("..") for _ in range(4)]
    assert files(contexts[-1]) == STAGED
    assert len({context.digest for context in contexts}) == 1, "it would be rebuilt for ever"
    assert not contexts[-1].dirty, "what is never staged is no change"


def test_one_that_is_committed_there(application: Path, inside: Path) -> None:
    head = commit(application)
    assert files(staged("..")) == files(staged("..", commit=head)) == STAGED
    assert staged("..").digest == staged("..", commit=head).digest
    assert staged("..").version == head[:12]


@pytest.mark.parametrize("by_commit", [False, True])
def test_other_checkouts_of_the_project(application: Path, inside: Path, by_commit: bool) -> None:
    write(application / "old/deploy", OWN)
    head = commit(application) if by_commit else None
    assert files(staged("..", commit=head)) == STAGED


def test_linked_worktrees_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    application = create(tmp_path / "application")
    project = create(tmp_path / "project", {"Pulumi.yaml": PROJECT_FILE, "__main__.py": "x"})
    git("worktree", "add", "--quiet", "--detach", str(application / "trees/deploy"), at=project)
    here = repositories.project(tmp_path / "here", monkeypatch)
    write(here, {"Pulumi.yaml": PROJECT_FILE})
    assert files(staged(str(application))) == STAGED


def test_the_source_in_the_projects_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = repositories.project(tmp_path / "project", monkeypatch)
    write(here, {**OWN, **FILES})
    context = staged(".")
    names = files(context)
    assert {"go.mod", "main.go", "internal/a.go"} <= names
    assert not [name for name in names if name.startswith((".", "container/.build"))]
    assert staged(".").digest == context.digest


def test_a_source_inside_of_the_project_is_built_as_it_is(inside: Path) -> None:
    assert files(staged("./sample")) == {"main.go"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PULUMI_CONFIG_PASSPHRASE_FILE", "{application}/keys/phrase"),
        ("PULUMI_BACKEND_URL", "file://{application}/keys"),
        ("MIMIR_AUDIT_LOG", "file://{application}/keys/phrase?x=y"),
    ],
)
def test_what_variables_put_into_the_source(
    application: Path, inside: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    write(application, {"keys/phrase": "x"})
    monkeypatch.setenv(variable, value.format(application=application))
    assert files(staged("..")) == STAGED


def test_a_project_of_somebody_elses_is_part_of_the_source(application: Path, inside: Path) -> None:
    write(application, {"templates/Pulumi.yaml": "name: another\n", "templates/a.txt": "x"})
    assert files(staged("..")) == STAGED | {"templates/Pulumi.yaml", "templates/a.txt"}


def test_no_pattern_lets_them_in(inside: Path) -> None:
    assert files(staged("..", ignore=["!deploy", "!.git", "!**/.passphrase"])) == STAGED


def test_development_mode_does_not_mount_them(inside: Path) -> None:
    found = refusal({"liveReload": "true", "source": {"location": ".."}}).problems
    assert [one for one in found if one.key == "mimir:source.location" and "state and passphrase" in one.found]
