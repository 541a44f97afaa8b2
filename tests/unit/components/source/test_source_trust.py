"""A source is not trusted: no program that its location or its repository names is run."""

from __future__ import annotations

import os
import shutil
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
from tests.support.repositories import commit, create, git, write

pytestmark = pytest.mark.usefixtures("here")


def staged(location: Path | str, **more: Any) -> BuildContext:
    """Stage this source."""
    return stage(Settings.model_validate({"source": {"location": str(location), **more}}))


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
        refused = problem({"source": {"location": location, "commit": "0" * 40}})
        assert refused.key == "mimir:source.location"
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


def test_a_link_to_a_file_outside_is_not_followed_in_development_mode(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the content")
    (repository / "go.sum").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match=r"go\.sum is a symbolic link"):
        stage(Settings.model_validate({"liveReload": True, "source": {"location": str(repository)}}))


def test_what_is_no_file_is_named(repository: Path) -> None:
    os.mkfifo(repository / "pipe")
    with pytest.raises(OSError, match="pipe is neither"):
        staged(repository)
