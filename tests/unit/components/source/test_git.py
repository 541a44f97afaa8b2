"""Git as the program runs it: it never asks, never hangs, and sees the source's own repository only."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from components import preflight
from components.docker.engine import engine, ports
from components.docker.engine.engine import Engine
from components.image import registry
from components.image.build_context import stage
from components.problems import DeploymentError, Problem
from components.settings import Settings
from components.source import source
from components.source.source import GitError
from tests.support.repositories import FILES, create, git, write

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script that is found as `git`; it is not there yet, and REAL in it is the real one."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("REAL", subprocess.check_output(["sh", "-c", "command -v git"], text=True).strip())
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return tmp_path / "bin/git"


def script(path: Path, text: str) -> None:
    """Write a shell script."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def settings(location: Path) -> Settings:
    """Settings with this source."""
    return Settings.model_validate({"source": {"location": str(location)}})


@pytest.mark.parametrize("by_commit", [False, True])
def test_a_git_around_it_changes_nothing(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_commit: bool
) -> None:
    """A hook of another repository runs with all of these."""
    head = git("rev-parse", "HEAD", at=repository)
    chosen = {"location": str(repository), "commit": head if by_commit else None}
    before = stage(Settings.model_validate({"source": chosen}))
    other = create(tmp_path / "other", {"go.mod": "module example.com/other\n"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_PREFIX", "deep/")
    assert stage(Settings.model_validate({"source": chosen})) == before
    assert git("status", "--porcelain", at=other) == "", "and nothing happened to the other one"


def test_it_never_asks(instead: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "1")
    monkeypatch.delenv("GIT_SSH_COMMAND", raising=False)
    script(instead, 'echo "$GIT_TERMINAL_PROMPT $GIT_SSH_COMMAND"')
    assert source.git("anything").decode().strip() == "0 ssh -oBatchMode=yes"


def test_a_users_own_ssh_is_used(instead: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i deploy-key")
    script(instead, 'echo "$GIT_SSH_COMMAND"')
    assert source.git("anything").decode().strip() == "ssh -i deploy-key"


def test_it_is_given_up_on(instead: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "GIT_SECONDS", 0.2)
    script(instead, "exec sleep 30")
    with pytest.raises(GitError, match=r"^git: no answer in 0.2 s"):
        source.git("fetch")


def test_what_it_says_is_repeated(tmp_path: Path) -> None:
    with pytest.raises(GitError, match=r"^git: fatal: not a git repository"):
        source.git("log", at=tmp_path)


def test_a_translated_git_is_understood(tmp_path: Path, instead: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    script(instead, '[ "$LC_ALL" = C ] && exec "$REAL" "$@"; echo "Schwerwiegend: Kein Git-Repository" >&2; exit 128')
    write(tmp_path / "plain", FILES)
    assert stage(settings(tmp_path / "plain")).version.startswith("content-")


class TestAnotherUsersRepository:
    """Git refuses to look at it, which is not the same as a folder without version control."""

    @pytest.fixture(autouse=True)
    def machine(self, instead: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A machine where everything else is there, and whose git takes every repository for another user's."""
        monkeypatch.setattr(engine, "inspect_engine", lambda _: Engine((1, 47)))
        monkeypatch.setattr(ports, "problems", lambda *_: [])
        monkeypatch.setattr(registry, "problems", lambda _: [])
        pretend = "export GIT_CONFIG_NOSYSTEM=1 GIT_TEST_ASSUME_DIFFERENT_OWNER=1"
        script(instead, f'[ -n "$GIT_CONFIG_GLOBAL" ] || {pretend}; exec "$REAL" "$@"')  # the test's own git may

    @staticmethod
    def refused(location: Path) -> Problem:
        """The only problem of this source."""
        with pytest.raises(DeploymentError) as caught:
            preflight.check(settings(location), "dev")
        (found,) = caught.value.problems
        return found

    def test_it_is_not_built_under_a_wrong_name(self, repository: Path) -> None:
        with pytest.raises(GitError, match="dubious ownership"):
            stage(settings(repository))

    @pytest.mark.parametrize("folder", [".", "service"])
    def test_the_fix_fixes_it(self, tmp_path: Path, folder: str) -> None:
        files = {f"{prefix}{name}": text for prefix in ("", "service/") for name, text in FILES.items()}
        location = create(tmp_path / "a repository", files) / folder
        found = self.refused(location)
        assert found.key == "mimir:source.location"
        assert str(location) in found.found
        subprocess.run(["sh", "-euc", found.fix], check=True, capture_output=True)
        context, _ = preflight.check(settings(location), "dev")
        assert context and context.revision.commit
