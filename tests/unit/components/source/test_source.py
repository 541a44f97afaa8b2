"""Versions and revisions: what a build is called, and where its source comes from."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.image import build_inputs
from components.image.build_context import BuildContext, stage
from components.settings import Settings
from components.source import source
from components.source.source import GitError, is_url
from tests.support.repositories import FILES, clone, commit, create, git, write

pytestmark = pytest.mark.usefixtures("here")


def staged(location: Path | str, **more: Any) -> BuildContext:
    """Stage this source."""
    return stage(Settings.model_validate({"source": {"location": str(location), **more}}))


class TestVersion:
    """A version is a commit's name only when the commit is what is built."""

    def test_a_clean_checkout_is_its_commit(self, repository: Path) -> None:
        context = staged(repository)
        head = git("rev-parse", "HEAD", at=repository)
        assert (context.version, context.dirty) == (head[:12], False)
        assert context.revision.commit == head
        assert context.revision.epoch == int(git("log", "-1", "--format=%ct", at=repository))

    @pytest.mark.parametrize(
        "change",
        [{"main.go": "package main // x\n"}, {"new.go": "package main\n"}, {"internal/deep/new.go": "package deep\n"}],
        ids=["tracked", "untracked", "deep"],
    )
    def test_a_change_that_is_built_shows_in_the_version(self, repository: Path, change: dict[str, str]) -> None:
        write(repository, change)
        context = staged(repository)
        assert context.dirty
        assert context.version == f"{git('rev-parse', 'HEAD', at=repository)[:12]}-dirty-{context.digest[:8]}"

    @pytest.mark.parametrize("how", ["deleted", "staged", "executable"])
    def test_so_does_every_other_kind_of_change(self, repository: Path, how: str) -> None:
        if how == "deleted":
            (repository / "internal/a.go").unlink()
        elif how == "executable":
            (repository / "main.go").chmod(0o755)
        else:
            write(repository, {"main.go": "package main // x\n"})
            git("add", "main.go", at=repository)
        assert staged(repository).dirty

    @pytest.mark.parametrize("name", ["README.md", "main_test.go", "docs/new.md", ".env", "service.log"])
    def test_a_change_that_is_not_built_does_not(self, repository: Path, name: str) -> None:
        clean = staged(repository)
        write(repository, {name: "changed"})
        context = staged(repository)
        assert not context.dirty
        assert (context.version, context.digest) == (clean.version, clean.digest)

    def test_one_version_is_one_content_even_for_files_that_git_ignores(self, repository: Path) -> None:
        write(repository, {".gitignore": "generated.go\n"})
        commit(repository)
        clean = staged(repository)
        write(repository, {"generated.go": "package main\n"})
        context = staged(repository)
        assert (context.version == clean.version) == (context.digest == clean.digest)

    @pytest.mark.parametrize("name", ["node_modules/a/b.js", "out/service.log"])
    def test_what_git_and_the_build_both_ignore_does_not_count(self, repository: Path, name: str) -> None:
        write(repository, {".gitignore": "node_modules/\nout/\n"})
        commit(repository)
        clean = staged(repository)
        write(repository, {name: "x"})
        assert staged(repository) == clean

    def test_two_changes_are_two_versions(self, repository: Path) -> None:
        versions = set()
        for text in ("a", "b"):
            write(repository, {"main.go": f"package main // {text}\n"})
            versions.add(staged(repository).version)
        assert len(versions) == 2

    def test_a_folder_of_a_larger_repository_has_a_version_of_its_own(self, tmp_path: Path) -> None:
        mono = create(tmp_path / "mono", {f"service/{name}": text for name, text in FILES.items()} | {"other.txt": "x"})
        first = git("rev-parse", "HEAD", at=mono)
        write(mono, {"other.txt": "changed"})
        assert staged(mono / "service").version == first[:12], "what changed is outside"
        commit(mono)
        assert staged(mono / "service").version == first[:12], "a commit elsewhere rebuilds nothing"
        write(mono, {"service/main.go": "package main // x\n"})
        assert staged(mono / "service").dirty

    def test_a_folder_without_version_control_is_named_after_its_content(self, tmp_path: Path) -> None:
        write(tmp_path / "plain", FILES)
        first = staged(tmp_path / "plain")
        assert (first.revision.commit, first.revision.epoch, first.dirty) == (None, 0, False)
        assert first.version == f"content-{first.digest[:12]}"
        write(tmp_path / "plain", {"main.go": "package main // x\n"})
        assert staged(tmp_path / "plain").version != first.version

    def test_a_repository_without_a_commit_is_such_a_folder(self, tmp_path: Path) -> None:
        write(tmp_path / "new", FILES)
        git("init", "--quiet", at=tmp_path / "new")
        assert staged(tmp_path / "new").version.startswith("content-")


class TestUrl:
    """A commit behind a git URL."""

    def test_it_is_fetched_once(self, repository: Path) -> None:
        head = git("rev-parse", "HEAD", at=repository)
        first = staged(f"file://{repository}", commit=head)
        assert first.version == head[:12]
        shutil.rmtree(repository)
        again = staged(f"file://{repository}", commit=head)
        assert (again.digest, again.revision) == (first.digest, first.revision)

    def test_another_commit_is_fetched_as_well(self, repository: Path) -> None:
        first = git("rev-parse", "HEAD", at=repository)
        staged(f"file://{repository}", commit=first)
        write(repository, {"main.go": "package main // second\n"})
        second = commit(repository)
        context = staged(f"file://{repository}", commit=second)
        assert "second" in (context.path / "app/main.go").read_text()
        assert context.revision.commit == second

    def test_it_is_the_same_as_the_checkout(self, repository: Path) -> None:
        head = git("rev-parse", "HEAD", at=repository)
        assert staged(f"file://{repository}", commit=head).digest == staged(repository).digest

    def test_a_commit_that_it_does_not_have(self, repository: Path) -> None:
        with pytest.raises(GitError, match=rf"^git: .*{'0' * 40}"):
            staged(f"file://{repository}", commit="0" * 40)

    def test_a_repository_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(GitError, match=r"^git: .*nowhere"):
            staged(f"file://{tmp_path}/nowhere", commit="0" * 40)

    @pytest.mark.parametrize(
        ("location", "url"),
        [
            ("https://git.example.com/a.git", True),
            ("ssh://git@git.example.com/a.git", True),
            ("git@git.example.com:a/b.git", True),
            ("file:///srv/a.git", True),
            ("./sample", False),
            ("/srv/a", False),
            ("C-code/a@b", False),
        ],
    )
    def test_urls_and_folders_are_told_apart(self, location: str, url: bool) -> None:
        assert is_url(location) is url


class TestLabels:
    """The OCI labels of an image."""

    @pytest.mark.parametrize(
        "url",
        [
            "https://git.example.com/a/b.git",
            "https://t0ken@git.example.com/a/b.git",
            "https://me:t0ken@git.example.com/a/b.git",
            "https://me:t0k@ken@git.example.com/a/b.git",
        ],
    )
    def test_credentials_of_the_remote_are_not_in_them(self, repository: Path, url: str) -> None:
        git("remote", "add", "origin", url, at=repository)
        labels = build_inputs.labels(staged(repository))
        assert labels["org.opencontainers.image.source"] == "https://git.example.com/a/b.git"

    def test_neither_are_those_of_the_source_itself(self) -> None:
        configured = Settings.model_validate(
            {"source": {"location": "https://me:t0ken@git.example.com/a.git", "commit": "0" * 40}}
        )
        assert source.public_url(configured.source, None) == "https://git.example.com/a.git"

    def test_a_path_of_this_machine_is_not_in_them(self, repository: Path, tmp_path: Path) -> None:
        assert "org.opencontainers.image.source" not in build_inputs.labels(
            staged(clone(repository, tmp_path / "clone"))
        )
        head = git("rev-parse", "HEAD", at=repository)
        assert "org.opencontainers.image.source" not in build_inputs.labels(staged(f"file://{repository}", commit=head))

    def test_they_name_commit_version_and_time(self, repository: Path) -> None:
        context = staged(repository)
        head = git("rev-parse", "HEAD", at=repository)
        labels = build_inputs.labels(context)
        assert labels["org.opencontainers.image.revision"] == head
        assert labels["org.opencontainers.image.version"] == head[:12]
        made = datetime.fromisoformat(labels["org.opencontainers.image.created"])
        assert made == datetime.fromtimestamp(context.revision.epoch, UTC)

    def test_a_changed_checkout_does_not_pretend_to_be_its_commit(self, repository: Path) -> None:
        write(repository, {"main.go": "package main // x\n"})
        assert build_inputs.labels(staged(repository))["org.opencontainers.image.revision"].endswith("-dirty")

    def test_the_build_takes_its_time_stamps_from_the_commit(self, repository: Path) -> None:
        context = staged(repository)
        assert build_inputs.build_args(Settings(), context)["SOURCE_DATE_EPOCH"] == str(context.revision.epoch)
