"""A commit behind a URL: fetched once, by one process at a time, and never half there."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.source import git_fetch, source
from components.source.git_fetch import REPOSITORIES, fetch_commit
from components.source.source import GitError
from tests.support.project import PROJECT
from tests.support.repositories import commit, create, git, write

pytestmark = pytest.mark.usefixtures("here")

FETCH = "import sys; from components.source.git_fetch import fetch_commit; print(fetch_commit(*sys.argv[1:]))"


def url_of(repository: Path) -> tuple[str, str]:
    return f"file://{repository}", git("rev-parse", "HEAD", at=repository)


def home(url: str, head: str) -> Path:
    """The folder of a URL in the cache."""
    return fetch_commit(url, head).parent


def test_several_at_once_fetch_once(repository: Path, tmp_path: Path) -> None:
    url, head = url_of(repository)
    (tmp_path / "bin").mkdir()
    real = shutil.which("git")
    (tmp_path / "bin/git").write_text(
        f'#!/bin/sh\ncase "$*" in *" fetch "*) echo x >> {tmp_path}/fetches;; esac\nexec {real} "$@"\n'
    )
    (tmp_path / "bin/git").chmod(0o755)
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    at_once = [
        subprocess.Popen([sys.executable, "-c", FETCH, url, head], env=env, stdout=subprocess.PIPE) for _ in range(4)
    ]
    answers = {process.communicate()[0] for process in at_once}
    assert [process.returncode for process in at_once] == [0] * 4
    assert len(answers) == 1
    assert (tmp_path / "fetches").read_text() == "x\n"


@pytest.mark.parametrize("leftover", ["empty folder", "half a repository", "shallow.lock"])
def test_what_a_killed_process_left_is_in_nobodys_way(repository: Path, leftover: str) -> None:
    url, head = url_of(repository)
    cache = home(url, head)
    shutil.rmtree(cache / head)
    fresh = cache / "fresh"
    fresh.mkdir()
    if leftover != "empty folder":
        git("init", "--quiet", "--bare", at=fresh)
        (fresh / ("HEAD" if leftover == "half a repository" else "shallow.lock")).write_text("")
    assert git("cat-file", "-t", head, at=fetch_commit(url, head)) == "commit"
    assert sorted(path.name for path in cache.iterdir()) == sorted([head, "lock"])


def test_nothing_is_ever_fetched_into_the_project_itself(repository: Path, here: Path) -> None:
    git("init", "--quiet", at=here)
    write(here, {"a": "x"})
    before = commit(here)
    url, head = url_of(repository)
    cache = home(url, head)
    shutil.rmtree(cache / head)
    (cache / head).mkdir()  # somebody has emptied it
    with pytest.raises(GitError):
        source.git("cat-file", "-e", head, git_dir=cache / head)
    assert git("rev-parse", "HEAD", at=here) == before
    assert not (here / ".git/shallow").exists() and not (here / ".git/FETCH_HEAD").exists()


def test_a_place_that_was_emptied_is_filled_again(repository: Path) -> None:
    url, head = url_of(repository)
    place = fetch_commit(url, head)
    shutil.rmtree(place / "objects")
    assert git("cat-file", "-t", head, at=fetch_commit(url, head)) == "commit"
    shutil.rmtree(place)
    place.mkdir()
    assert git("cat-file", "-t", head, at=fetch_commit(url, head)) == "commit"


def test_a_fetch_that_fails_leaves_nothing(repository: Path) -> None:
    url, head = url_of(repository)
    cache = home(url, head)
    with pytest.raises(GitError):
        fetch_commit(url, "0" * 40)
    assert sorted(path.name for path in cache.iterdir()) == sorted([head, "lock"])


def test_waiting_ends_and_says_for_what(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url, head = url_of(repository)
    cache = home(url, head)
    shutil.rmtree(cache / head)
    monkeypatch.setattr(source, "GIT_SECONDS", 0.1)
    with (cache / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(GitError, match=rf"another process has been fetching {url} for 0\.1 s"):
            fetch_commit(url, head)
    assert capsys.readouterr().err.count("Waiting for another process") == 1


def test_one_url_does_not_wait_for_another(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, head = url_of(repository)
    monkeypatch.setattr(source, "GIT_SECONDS", 30)
    with (home(url, head) / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert fetch_commit(*url_of(create(tmp_path / "second"))).is_dir()


def test_what_was_not_used_for_a_month_goes(repository: Path) -> None:
    url, first = url_of(repository)
    old = fetch_commit(url, first)
    os.utime(old, (time.time() - git_fetch.FORGET_SECONDS - 60,) * 2)
    write(repository, {"main.go": "package main // second\n"})
    assert fetch_commit(url, commit(repository)).is_dir()
    assert not old.exists()
    assert REPOSITORIES.is_dir()
