"""Fetches a commit from a git URL, once, into the project's own cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.source import source
from components.source.source import GitError, git, location_fault, shown

REPOSITORIES = Path(".build/sources")
"""Cache of fetched commits, relative to the project: `<hash of the URL>/<commit>`, each a bare repository."""

FORGET_SECONDS = 30 * 24 * 3600
"""A commit that has not been used for this time is removed from the cache."""

POLL_SECONDS = 0.2


def fetch_commit(url: str, commit: str) -> Path:
    """The bare repository that holds a commit, which is fetched unless it is in the cache.

    The commit is fetched into a temporary folder, which is then renamed, so the cache holds complete commits only.
    There is one fetch at a time for a URL: other processes wait.

    Args:
        url: a URL of one of the forms in `ALLOWED_URLS`.
        commit: full ID of the commit.

    Raises:
        GitError: when the commit cannot be fetched, or another process has been fetching for `GIT_SECONDS`.
    """
    if fault := location_fault(url):
        raise GitError(f'git: "{shown(url)}", {fault}')
    cache = REPOSITORIES / hashlib.sha256(url.encode()).hexdigest()[:32]
    target = cache / commit
    cache.mkdir(parents=True, exist_ok=True)
    if not _has(target, commit):
        with _locked(cache / "lock", url):
            if not _has(target, commit):
                _fetch(url, commit, cache / "fresh", target)
    os.utime(target)
    _remove_old_commits()
    return target


def _fetch(url: str, commit: str, fresh: Path, target: Path) -> None:
    shutil.rmtree(fresh, ignore_errors=True)  # of a process that was killed: this one holds the lock
    try:
        git("init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--", str(fresh.absolute()))
        options = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        git("fetch", *options, "--", url, commit, git_dir=fresh)
        git("cat-file", "-e", f"{commit}^{{tree}}", git_dir=fresh)
        shutil.rmtree(target, ignore_errors=True)  # incomplete or damaged
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _has(repository: Path, commit: str) -> bool:
    try:
        git("cat-file", "-e", f"{commit}^{{tree}}", git_dir=repository)
    except GitError:
        return False
    return True


@contextmanager
def _locked(lock: Path, url: str) -> Iterator[None]:
    """Hold the file `lock`. The kernel releases it when this process ends, however it ends."""
    with lock.open("a") as file:
        deadline, notified = time.monotonic() + source.GIT_SECONDS, False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = f"git: another process has been fetching {url} for {source.GIT_SECONDS} s ({lock})"
                    raise GitError(message) from None
                if not notified:
                    print(f"Waiting for another process that is fetching {url}.", file=sys.stderr, flush=True)
                    notified = True
            time.sleep(POLL_SECONDS)
        yield


def _remove_old_commits() -> None:
    for repository in REPOSITORIES.glob("*/*/"):
        if repository.stat().st_mtime < time.time() - FORGET_SECONDS:
            shutil.rmtree(repository, ignore_errors=True)
