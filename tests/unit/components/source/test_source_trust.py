"""A source is not trusted: nothing that its repository says is run, and a commit names that commit's content only."""

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
from components.source import source
from components.source.source import GitError
from ops.audit_log import facts
from ops.audit_log.record import Revision
from ops.update.source_argument import BadSource, overrides
from tests.support.configuration import at, problem
from tests.support.repositories import FILES, commit, create, git, write

pytestmark = pytest.mark.usefixtures("here")


def staged(location: Path | str, **more: Any) -> BuildContext:
    """Stage this source."""
    return stage(Settings.model_validate({"source": {"location": str(location), **more}}))


def files(context: BuildContext) -> set[str]:
    """What is staged of the application."""
    root = context.path / "app"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or path.is_file()}


class TestLocation:
    """What no program is ever handed."""

    @pytest.mark.parametrize(
        "location",
        [
            "--upload-pack=touch pwned",
            "-oProxyCommand=touch pwned",
            "--upload-pack=touch pwned;://x",
            "ext::sh -c 'touch pwned'",
            "ext::sh -c touch%20pwned://x",
            "fd::17",
            "ssh://-oProxyCommand=touch%20pwned/x",
            "ssh://-x@git.example.com/a.git",
            "-x@git.example.com:a.git",
            "git@-oProxyCommand=x:a.git",
            "git@git.example.com:--upload-pack=x",
            "http://git.example.com/a.git",
            "git://git.example.com/a.git",
            "ftp://git.example.com/a.git",
            "file://host/a.git",
            "file://./a.git",
            "https://git.example.com/a.git\n--upload-pack=x",
            "https://git.example.com/a b",
            "https://git.example.com/$(touch pwned)'",
            "https:///a.git",
            "./sample\n",
        ],
    )
    def test_it_is_refused(self, location: str) -> None:
        found = problem({"source": {"location": location, "commit": "0" * 40}})
        assert found.key == "mimir:source.location"
        with pytest.raises((GitError, OSError)):
            staged(location, commit="0" * 40)
        with pytest.raises(BadSource):
            overrides(location, live=False)
        assert not Path("pwned").exists()

    @pytest.mark.parametrize(
        "location",
        [
            "https://git.example.com/a/b.git",
            "https://git.example.com:8443/~me/a+b.git",
            "https://[2001:db8::1]/a.git",
            "ssh://git@git.example.com:2222/a.git",
            "git@git.example.com:a/b.git",
            "me.name@host:/srv/a.git",
            "file:///srv/git/a.git",
        ],
    )
    def test_what_is_fetched(self, location: str) -> None:
        assert source.location_fault(location) is None
        assert problem(at("source.location", location)).key == "mimir:source.commit"

    def test_no_credentials_are_repeated(self) -> None:
        for location in ("ssh://me:hunter2@git.example.com/a.git", "http://me:hunter2@git.example.com/a.git"):
            assert "hunter2" not in str(problem({"source": {"location": location, "commit": "0" * 40}}))
            with pytest.raises(BadSource) as caught:
                overrides(location, live=False)
            assert "hunter2" not in str(caught.value)

    def test_a_users_own_rewriting_leads_to_no_other_transport(self, tmp_path: Path) -> None:
        (Path.home() / ".gitconfig").write_text(
            '[protocol "ext"]\n\tallow = always\n'
            f"[url \"ext::sh -c 'touch {tmp_path}/pwned' \"]\n\tinsteadOf = https://git.example.com/\n"
        )
        with pytest.raises(GitError):
            staged("https://git.example.com/a.git", commit="0" * 40)
        assert not (tmp_path / "pwned").exists()


class TestProgramsOfTheSource:
    """Its configuration, hooks and attributes name programs; none of them is started."""

    @pytest.fixture
    def alarm(self, tmp_path: Path) -> Path:
        """A program that tells when it was started."""
        program = tmp_path / "alarm"
        program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\ncat\n")
        program.chmod(0o755)
        return program

    def tampered(self, repository: Path, alarm: Path, how: str) -> None:
        """Let the repository's configuration name the program."""
        configuration = {
            "fsmonitor": f"[core]\n\tfsmonitor = {alarm}\n",
            "filter": f'[filter "x"]\n\tclean = {alarm}\n\tsmudge = {alarm}\n\trequired = true\n',
            "process": f'[filter "x"]\n\tprocess = {alarm}\n',
            "textconv": f'[diff "x"]\n\ttextconv = {alarm}\n\tcommand = {alarm}\n[diff]\n\texternal = {alarm}\n',
            "hooks": f"[core]\n\thooksPath = {alarm.parent}/hooks\n",
            "include": f"[include]\n\tpath = {alarm.parent}/included\n",
            "programs": f"[core]\n\tpager = {alarm}\n\teditor = {alarm}\n\tsshCommand = {alarm}\n\tgitProxy = {alarm}\n"
            f"[gpg]\n\tprogram = {alarm}\n[log]\n\tshowSignature = true\n[credential]\n\thelper = {alarm}\n",
            "promisor": f'[extensions]\n\tpartialClone = origin\n[remote "origin"]\n\tpromisor = true\n'
            f"\turl = ext::{alarm}\n\tuploadpack = {alarm}\n[protocol]\n\tallow = always\n",
        }[how]
        (alarm.parent / "included").write_text(f"[core]\n\tfsmonitor = {alarm}\n")
        for folder in (alarm.parent / "hooks", repository / ".git/hooks"):
            folder.mkdir(exist_ok=True)
            for hook in ("post-index-change", "post-checkout", "reference-transaction", "pre-commit"):
                shutil.copy(alarm, folder / hook)
        with (repository / ".git/config").open("a") as file:
            file.write(configuration)

    @pytest.mark.parametrize(
        "how", ["fsmonitor", "filter", "process", "textconv", "hooks", "include", "programs", "promisor"]
    )
    @pytest.mark.parametrize("by_commit", [False, True])
    def test_none_is_started(self, repository: Path, alarm: Path, how: str, by_commit: bool) -> None:
        write(repository, {".gitattributes": "*.go filter=x diff=x\n"})
        head = commit(repository)
        before = staged(repository, commit=head if by_commit else None)
        self.tampered(repository, alarm, how)
        os.utime(repository / "main.go", (0, 0))  # git's index would have to look at it again
        context = staged(repository, commit=head if by_commit else None)
        assert (context.digest, context.version) == (before.digest, before.version)
        assert facts.source_revision(repository) == Revision(commit=head, dirty=False)
        assert not (alarm.parent / "started").exists()

    def test_neither_by_a_missing_object(self, repository: Path, alarm: Path) -> None:
        oid = git("rev-parse", "HEAD:main.go", at=repository)
        self.tampered(repository, alarm, "promisor")
        (repository / ".git/objects" / oid[:2] / oid[2:]).unlink()
        with pytest.raises(GitError, match="missing"):
            staged(repository, commit=git("rev-parse", "HEAD", at=repository))
        assert not (alarm.parent / "started").exists()

    def test_neither_by_a_submodule(self, repository: Path, alarm: Path, tmp_path: Path) -> None:
        module = create(tmp_path / "module", {"go.mod": "module example.com/m\n"})
        git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(module), "module", at=repository)
        commit(repository)
        with (repository / ".git/modules/module/config").open("a") as file:
            file.write(f"[core]\n\tfsmonitor = {alarm}\n")
        staged(repository)
        facts.source_revision(repository)
        assert not (alarm.parent / "started").exists()


class TestACommitsName:
    """It is given to the commit's content only, whatever git has been told to believe."""

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


class TestKindsOfRepositories:
    """Whatever git calls a repository can be a source."""

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


def test_a_link_to_a_file_outside_is_not_followed_in_development_mode(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the content")
    (repository / "go.sum").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match=r"go\.sum is a symbolic link"):
        stage(Settings.model_validate({"liveReload": True, "source": {"location": str(repository)}}))


def test_what_is_no_file_is_named(repository: Path) -> None:
    os.mkfifo(repository / "pipe")
    with pytest.raises(OSError, match="pipe is neither"):
        staged(repository)
