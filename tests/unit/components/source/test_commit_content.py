"""A version is named after a commit only if it has that commit's content, in every kind of git repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.image.build_context import BuildContext, stage
from components.settings import Settings
from components.source.source import GitError
from ops.audit_log import facts
from tests.support.repositories import FILES, commit, git, write

pytestmark = pytest.mark.usefixtures("here")


def staged(location: Path | str, **more: Any) -> BuildContext:
    """Stage this source."""
    return stage(Settings.model_validate({"source": {"location": str(location), **more}}))


class TestCommitContent:
    """A changed file is detected, however git was made to call it unchanged."""

    CHANGED = "package nain\n\nfunc main() {}\n"
    """As long as the original: git looks no further where sizes differ."""

    def hidden(self, repository: Path, how: str) -> None:
        """Change main.go so that git calls it unchanged."""
        if how in ("assume-unchanged", "skip-worktree"):
            git("update-index", f"--{how}", "main.go", at=repository)
            write(repository, {"main.go": self.CHANGED})
        elif how == "filter":
            original = repository / "original"
            shutil.copy(repository / "main.go", original)
            write(repository, {".git/info/attributes": "main.go filter=x\n", "main.go": self.CHANGED})
            write(repository, {".git/info/exclude": "original\n"})
            git("config", "filter.x.clean", f"cat {original}", at=repository)
        elif how == "stat":
            before = (repository / "main.go").stat()
            write(repository, {"main.go": self.CHANGED})
            os.utime(repository / "main.go", ns=(before.st_atime_ns, before.st_mtime_ns))
        else:
            head = git("rev-parse", "HEAD", at=repository)
            write(repository, {"main.go": self.CHANGED})
            other = commit(repository)
            if how == "replace":
                git("reset", "--quiet", "--soft", head, at=repository)
                git("replace", head, other, at=repository)
            else:
                git("reset", "--quiet", "--soft", head, at=repository)
                first, second = (git("rev-parse", f"{name}:main.go", at=repository) for name in (head, other))
                git("replace", first, second, at=repository)
        status = git("status", "--porcelain", at=repository)
        assert "main.go" not in status or how in ("stat", "replace", "replace a file"), status

    @pytest.mark.parametrize(
        "how", ["assume-unchanged", "skip-worktree", "filter", "stat", "replace", "replace a file"]
    )
    def test_an_edited_file_is_never_built_under_it(self, repository: Path, how: str) -> None:
        head = git("rev-parse", "HEAD", at=repository)
        clean = staged(repository)
        self.hidden(repository, how)
        context = staged(repository)
        assert context.digest != clean.digest
        assert context.dirty and context.version == f"{head[:12]}-dirty-{context.digest[:8]}"
        assert staged(repository, commit=head).digest == clean.digest

    def test_an_audit_record_says_so(self, repository: Path) -> None:
        self.hidden(repository, "assume-unchanged")
        assert facts.source_revision(repository).dirty is True

    def test_a_work_tree_elsewhere_is_not_believed(self, repository: Path, tmp_path: Path) -> None:
        shutil.copytree(repository, tmp_path / "original")
        write(repository, {"main.go": self.CHANGED})
        git("config", "core.worktree", str(tmp_path / "original"), at=repository)
        assert staged(repository).dirty

    def test_a_file_that_names_another_repository(self, repository: Path, tmp_path: Path) -> None:
        write(tmp_path / "other", {**FILES, ".git": f"gitdir: {repository}/.git\n"})
        assert staged(tmp_path / "other").dirty, "it does not hold what that repository has committed"

    @pytest.mark.parametrize("kind", ["blob", "tree", "commit"])
    def test_a_forged_object_is_refused(self, repository: Path, kind: str) -> None:
        head = git("rev-parse", "HEAD", at=repository)
        oid = git("rev-parse", {"blob": "HEAD:main.go", "tree": "HEAD^{tree}", "commit": "HEAD"}[kind], at=repository)
        write(repository, {"main.go": self.CHANGED})
        other = commit(repository)
        name = {"blob": f"{other}:main.go", "tree": f"{other}^{{tree}}", "commit": other}[kind]
        forged = subprocess.check_output(["git", "cat-file", kind, name], cwd=repository)
        file = repository / ".git/objects" / oid[:2] / oid[2:]
        file.chmod(0o644)
        file.write_bytes(zlib.compress(b"%s %d\0" % (kind.encode(), len(forged)) + forged))
        with pytest.raises(GitError, match="damaged"):
            staged(repository, commit=head)

    @pytest.mark.parametrize("name", ["..", ".git", "a/b", ""])
    def test_no_name_in_a_commit_leads_out(self, repository: Path, name: str) -> None:
        blob = git("rev-parse", "HEAD:main.go", at=repository)
        content = b"100644 " + name.encode() + b"\0" + bytes.fromhex(blob)
        tree = subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
            input=content,
            cwd=repository,
            capture_output=True,
            check=True,
        ).stdout.decode()
        bad = git("commit-tree", tree.strip(), "-m", "bad", at=repository)
        with pytest.raises(GitError, match="not allowed"):
            staged(repository, commit=bad)

    @pytest.mark.parametrize("attributes", ["* text=auto\n", "*.go text eol=crlf\n"])
    def test_another_end_of_lines_is_the_commit_still(self, repository: Path, attributes: str) -> None:
        write(repository, {".gitattributes": attributes})
        head = commit(repository)
        for name in ("main.go", "go.mod"):
            (repository / name).write_bytes((repository / name).read_bytes().replace(b"\n", b"\r\n"))
        context = staged(repository)
        assert (context.version, context.dirty) == (head[:12], False)
        assert context.digest == staged(repository, commit=head).digest

    def test_a_committed_carriage_return_stays(self, repository: Path) -> None:
        (repository / "main.go").write_bytes(b"package main\r\n")
        head = commit(repository)
        for context in (staged(repository), staged(repository, commit=head)):
            assert (context.path / "app/main.go").read_bytes() == b"package main\r\n"
            assert context.version == head[:12]

    def test_a_name_that_is_not_utf_8(self, repository: Path) -> None:
        (repository / os.fsdecode(b"caf\xe9.go")).write_text("package main\n")
        head = commit(repository)
        assert staged(repository).version == head[:12]
        assert staged(repository, commit=head).digest == staged(repository).digest


class TestRepositoryKinds:
    """Every kind of git repository can be a source."""

    def shallow(self, repository: Path, target: Path) -> Path:
        git("clone", "--quiet", "--depth=1", f"file://{repository}", str(target), at=repository)
        return target

    def partial(self, repository: Path, target: Path) -> Path:
        git("config", "uploadpack.allowFilter", "true", at=repository)
        git(
            "clone",
            "--quiet",
            "--filter=blob:none",
            "--no-checkout",
            f"file://{repository}",
            str(target),
            at=repository,
        )
        return target

    def worktree(self, repository: Path, target: Path) -> Path:
        git("worktree", "add", "--quiet", "--detach", str(target), at=repository)
        return target

    def shared(self, repository: Path, target: Path) -> Path:
        git("clone", "--quiet", "--shared", str(repository), str(target), at=repository)
        return target

    def bare(self, repository: Path, target: Path) -> Path:
        git("clone", "--quiet", "--bare", str(repository), str(target), at=repository)
        (Path.home() / ".gitconfig").write_text("[safe]\n\tbareRepository = explicit\n")
        return target

    @pytest.mark.parametrize("kind", [shallow, partial, worktree, shared, bare])
    def test_a_commit_of_it(self, repository: Path, tmp_path: Path, kind: Callable[[Any, Path, Path], Path]) -> None:
        head = git("rev-parse", "HEAD", at=repository)
        expected = staged(repository, commit=head)
        assert staged(kind(self, repository, tmp_path / "other"), commit=head).digest == expected.digest

    @pytest.mark.parametrize("kind", [shallow, worktree, shared])
    def test_a_checkout_of_it(self, repository: Path, tmp_path: Path, kind: Callable[[Any, Path, Path], Path]) -> None:
        expected = staged(repository)
        context = staged(kind(self, repository, tmp_path / "other"))
        assert (context.version, context.digest) == (expected.version, expected.digest)

    def test_one_with_sha_256(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tmp_path / "new", FILES)
        git("init", "--quiet", "--object-format=sha256", at=tmp_path / "new")
        head = commit(tmp_path / "new")
        assert len(head) == 64
        assert staged(tmp_path / "new").version == head[:12]

    def test_a_users_own_default_hash(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
        head = git("rev-parse", "HEAD", at=repository)
        assert staged(f"file://{repository}", commit=head).version == head[:12]
