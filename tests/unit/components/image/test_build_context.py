"""The build context: the same for everyone who has the same source, and nothing in it that does not belong."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from components.edge import self_signed
from components.image.build_context import CONTEXTS, BuildContext, stage
from components.settings import Settings
from components.source.source import GitError
from tests.support.repositories import FILES, clone, commit, create, git, write

pytestmark = pytest.mark.usefixtures("here")

STAGED = {"go.mod", "main.go", "internal/a.go", "generate.sh", "link.go"}


def staged(source: Path | str, image: dict[str, Any] | None = None, **more: Any) -> BuildContext:
    """Stage this source."""
    location = {"location": str(source), **more}
    return stage(Settings.model_validate({"source": location, "image": image or {}}))


def files(context: BuildContext, part: str = "app") -> set[str]:
    """What is in a part of the context."""
    root = context.path / part
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or path.is_file()}


def folders() -> set[str]:
    """The contexts that there are."""
    return {path.name for path in CONTEXTS.iterdir()}


def age(folder: Path, days: float) -> None:
    """Make a context look as if it was last used so long ago."""
    then = time.time() - days * 24 * 3600
    os.utime(folder, (then, then))


class TestReproducible:
    """Two checkouts of one commit are one context."""

    def test_another_umask_changes_nothing(self, repository: Path, tmp_path: Path) -> None:
        open_, closed = clone(repository, tmp_path / "a", 0o022), clone(repository, tmp_path / "b", 0o077)
        assert stat.S_IMODE((closed / "main.go").stat().st_mode) == 0o600, "the checkouts do differ"
        first, second = staged(open_), staged(closed)
        assert first.digest == second.digest
        assert first.version == second.version == git("rev-parse", "HEAD", at=repository)[:12]
        assert first.revision == second.revision

    def test_a_commit_and_its_checkout_are_one(self, repository: Path) -> None:
        head = git("rev-parse", "HEAD", at=repository)
        assert staged(repository, commit=head).digest == staged(repository).digest

    def test_modes_are_those_that_git_records(self, repository: Path, tmp_path: Path) -> None:
        context = staged(clone(repository, tmp_path / "a", 0o077))
        modes = {
            str(path.relative_to(context.path)): stat.S_IMODE(path.lstat().st_mode) for path in context.path.rglob("*")
        }
        assert modes["app/generate.sh"] == modes["app/internal"] == modes["app"] == 0o755
        assert modes["app/main.go"] == modes["app/go.mod"] == 0o644
        assert stat.S_IMODE(context.path.stat().st_mode) == 0o755

    def test_content_mode_and_name_are_in_the_digest(self, repository: Path) -> None:
        digests = [staged(repository).digest]
        write(repository, {"main.go": "package main // changed\n"})
        digests.append(staged(repository).digest)
        (repository / "main.go").chmod(0o755)
        digests.append(staged(repository).digest)
        (repository / "main.go").rename(repository / "other.go")
        digests.append(staged(repository).digest)
        (repository / "link.go").unlink()
        (repository / "link.go").symlink_to("other.go")
        digests.append(staged(repository).digest)
        assert len(set(digests)) == 5

    def test_the_path_is_relative_or_another_checkout_would_rebuild(self, repository: Path) -> None:
        context = staged(repository)
        assert context.path == Path(".build/context") / context.digest[:16]


class TestFolders:
    """Contexts lie beside each other under the name of their content."""

    def test_the_same_content_is_one_folder_which_is_used_again(self, repository: Path, tmp_path: Path) -> None:
        first = staged(repository)
        before = (first.path / "app/main.go").stat()
        second = staged(clone(repository, tmp_path / "other", 0o077))
        assert second.path == first.path
        assert (first.path / "app/main.go").stat().st_ino == before.st_ino, "a build may be reading it"
        assert folders() == {first.path.name}

    def test_another_content_is_another_folder_and_leaves_the_first(self, repository: Path) -> None:
        first = staged(repository)
        write(repository, {"main.go": "package main // changed\n"})
        second = staged(repository)
        assert folders() == {first.path.name, second.path.name}
        assert (first.path / "app/main.go").read_text() == FILES["main.go"], "a build may be reading it"

    def test_one_that_was_not_used_for_a_week_goes(self, repository: Path) -> None:
        old = staged(repository)
        write(repository, {"main.go": "package main // changed\n"})
        recent = staged(repository)
        age(old.path, days=8)
        age(recent.path, days=6)
        write(repository, {"main.go": "package main // changed again\n"})
        newest = staged(repository)
        assert folders() == {recent.path.name, newest.path.name}

    def test_there_are_never_more_than_a_few_that_no_build_can_be_reading(self, repository: Path) -> None:
        for number in range(14):
            write(repository, {"main.go": f"package main // {number}\n"})
            age(staged(repository).path, days=1)
        newest = staged(repository)
        assert len(folders()) == 10
        assert newest.path.name in folders()

    def test_one_that_a_build_may_be_reading_stays(self, repository: Path) -> None:
        for number in range(14):
            write(repository, {"main.go": f"package main // {number}\n"})
            staged(repository)
        assert len(folders()) == 14

    def test_one_that_is_used_again_does_not(self, repository: Path) -> None:
        first = staged(repository)
        age(first.path, days=8)
        assert staged(repository).path == first.path
        assert (first.path / "app/main.go").is_file()


class TestContents:
    """What is staged."""

    @pytest.mark.parametrize("by_commit", [False, True])
    def test_what_the_build_needs_and_nothing_else(self, repository: Path, by_commit: bool) -> None:
        context = staged(repository, commit=git("rev-parse", "HEAD", at=repository) if by_commit else None)
        assert files(context) == STAGED
        assert (context.path / "app/link.go").readlink() == Path("internal/a.go")
        assert (context.path / "app/main.go").read_text() == FILES["main.go"]

    @pytest.mark.parametrize(
        "name",
        [
            ".env",
            "tls.key",
            "deep/id_rsa",
            "credentials.json",
            "app.db",
            "debug.log",
            "config.yaml",
            "a_test.go",
            "a/b/testdata/deep/er.txt",
            "node_modules/a/b.js",
        ],
    )
    def test_secrets_state_and_tests_never_reach_the_builder(self, repository: Path, name: str) -> None:
        write(repository, {name: "x"})
        assert files(staged(repository)) == STAGED
        assert files(staged(repository, commit=commit(repository))) == STAGED

    def test_patterns_of_the_stack_come_on_top(self, repository: Path) -> None:
        assert files(staged(repository, ignore=["internal", "link.go"])) == {"go.mod", "main.go", "generate.sh"}

    @pytest.mark.parametrize("by_commit", [False, True])
    def test_a_pattern_may_let_something_back_in(self, repository: Path, by_commit: bool) -> None:
        write(repository, {"assets/a.txt": "x", "assets/keep/b.txt": "x", "assets/keep/deep/c.txt": "x"})
        head = commit(repository) if by_commit else None
        context = staged(repository, commit=head, ignore=["assets", "!assets/keep"])
        assert files(context) == STAGED | {"assets/keep/b.txt", "assets/keep/deep/c.txt"}

    def test_the_probe_is_part_of_it(self, repository: Path) -> None:
        assert {"main.go", "go.mod"} <= files(staged(repository), "probe")

    def test_a_bundle_is_copied_and_its_content_counts(self, repository: Path, tmp_path: Path) -> None:
        without = staged(repository)
        assert files(without, "ca") == set()
        assert (without.path / "ca").is_dir(), "the Dockerfile copies it"
        bundle = self_signed.make(["ca.example.com"])["chain"]
        (tmp_path / "ca.pem").write_text(bundle)
        context = staged(repository, image={"caBundle": str(tmp_path / "ca.pem")})
        assert (context.path / "ca/ca-certificates.crt").read_text() == bundle
        assert context.digest != without.digest

    def test_what_was_staged_before_is_gone(self, repository: Path) -> None:
        write(repository, {"old.go": "package main\n"})
        assert "old.go" in files(staged(repository))
        (repository / "old.go").unlink()
        assert files(staged(repository)) == STAGED

    def test_a_failure_leaves_the_context_before(self, repository: Path) -> None:
        before = staged(repository)
        with pytest.raises(GitError):
            staged(repository, commit="0" * 40)
        assert files(before) == STAGED
        assert [path.name for path in Path(".build").iterdir()] == ["context"], "no leftovers"

    def test_a_folder_of_a_repository_is_staged_at_a_commit_as_in_the_working_tree(self, tmp_path: Path) -> None:
        mono = create(tmp_path / "mono", {f"service/{name}": text for name, text in FILES.items()} | {"other.go": "x"})
        now = files(staged(mono / "service"))
        assert now == {"go.mod", "main.go", "internal/a.go"}
        assert files(staged(mono / "service", commit=git("rev-parse", "HEAD", at=mono))) == now

    def test_names_that_need_quoting_survive(self, repository: Path) -> None:
        odd = {"päckage/ä b.go", 'quo"te.go', "tab\tname.go"}
        write(repository, dict.fromkeys(odd, "x"))
        assert files(staged(repository)) == STAGED | odd
        assert files(staged(repository, commit=commit(repository))) == STAGED | odd


class TestAtACommit:
    """`source.commit`: the working tree does not count, and is not touched."""

    def test_the_commit_is_staged_whatever_the_working_tree_says(self, repository: Path) -> None:
        first = git("rev-parse", "HEAD", at=repository)
        write(repository, {"main.go": "package main // second\n"})
        commit(repository)
        write(repository, {"main.go": "package main // not committed\n", "new.go": "package main\n"})
        git("add", "new.go", at=repository)
        before = git("status", "--porcelain", at=repository)
        context = staged(repository, commit=first)
        assert (context.path / "app/main.go").read_text() == FILES["main.go"]
        assert files(context) == STAGED
        assert context.version == first[:12]
        assert not context.dirty
        assert git("status", "--porcelain", at=repository) == before
        assert "not committed" in (repository / "main.go").read_text()

    def test_a_commit_that_is_not_there(self, repository: Path) -> None:
        with pytest.raises(GitError, match=r"^git: fatal: "):
            staged(repository, commit="0" * 40)

    @pytest.mark.parametrize("line_ends", ["autocrlf = true", "autocrlf = input", "eol = crlf"])
    def test_a_users_own_line_ends_change_nothing(self, repository: Path, line_ends: str) -> None:
        write(repository, {".gitattributes": "* text=auto\n"})
        head = commit(repository)
        plain = staged(repository, commit=head)
        (Path.home() / ".gitconfig").write_text(f"[core]\n\t{line_ends}\n")
        context = staged(repository, commit=head)
        assert (context.path / "app/main.go").read_bytes() == FILES["main.go"].encode()
        assert context.digest == plain.digest

    @pytest.mark.parametrize("required", ["true", "false"])
    def test_neither_does_an_installed_filter_for_large_files(self, repository: Path, required: str) -> None:
        write(repository, {".gitattributes": "main.go filter=lfs\n"})
        head = commit(repository)
        plain = staged(repository, commit=head)
        (Path.home() / ".gitconfig").write_text(
            f'[filter "lfs"]\n\tsmudge = echo smudged\n\trequired = {required}\n'  # as `git lfs install` writes it
        )
        assert staged(repository, commit=head).digest == plain.digest

    def test_a_folder_without_version_control(self, tmp_path: Path) -> None:
        write(tmp_path / "plain", FILES)
        with pytest.raises(GitError):
            staged(tmp_path / "plain", commit="0" * 40)


class TestDevelopmentMode:
    """The source is mounted, so the image needs to know its modules only."""

    @staticmethod
    def live(source: Path) -> BuildContext:
        """Stage for development mode."""
        return stage(Settings.model_validate({"liveReload": True, "source": {"location": str(source)}}))

    def test_saving_a_file_makes_no_new_image(self, repository: Path) -> None:
        first = self.live(repository)
        write(repository, {"main.go": "package main // edited\n", "new.go": "package main\n"})
        second = self.live(repository)
        assert (second.version, second.digest, second.revision) == (first.version, first.digest, first.revision)
        commit(repository)
        assert self.live(repository).revision == first.revision, "neither does a commit"

    def test_a_new_requirement_does(self, repository: Path) -> None:
        first = self.live(repository)
        write(repository, {"go.sum": "example.com/x v1.0.0 h1:abc=\n"})
        assert self.live(repository).version != first.version

    def test_it_holds_what_its_dockerfile_copies(self, repository: Path) -> None:
        context = self.live(repository)
        assert files(context) == {"go.mod"}
        assert (context.path / "air.toml").is_file()
        assert (context.path / "ca").is_dir()
        assert "main.go" in files(context, "probe")
