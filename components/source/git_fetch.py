"""A commit behind a git URL, fetched once and kept in the project's own cache."""

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
"""A commit that nothing has used for so long is fetched again."""

POLL_SECONDS = 0.2


def fetched(url: str, commit: str) -> Path:
    """The bare repository that holds `commit` of `url`, fetched when it is not there yet.

    It is fetched beside its place and renamed, so what is there is whole. Others wait: one fetch at a time for a URL.

    Raises:
        GitError: when the commit cannot be had, or another process has been fetching for too long.
    """
    if fault := location_fault(url):
        raise GitError(f'git: "{shown(url)}", {fault}')
    home = REPOSITORIES / hashlib.sha256(url.encode()).hexdigest()[:32]
    target = home / commit
    home.mkdir(parents=True, exist_ok=True)
    if not _has(target, commit):
        with _alone(home / "lock", url):
            if not _has(target, commit):
                _fetch(url, commit, home / "fresh", target)
    os.utime(target)
    _forget_old()
    return target


def _fetch(url: str, commit: str, fresh: Path, target: Path) -> None:
    shutil.rmtree(fresh, ignore_errors=True)  # of a process that was killed: the lock says that none is at work
    try:
        git("init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--", str(fresh.absolute()))
        options = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        git("fetch", *options, "--", url, commit, git_dir=fresh)
        git("cat-file", "-e", f"{commit}^{{tree}}", git_dir=fresh)
        shutil.rmtree(target, ignore_errors=True)  # emptied or damaged
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _has(place: Path, commit: str) -> bool:
    try:
        git("cat-file", "-e", f"{commit}^{{tree}}", git_dir=place)
    except GitError:
        return False
    return True


@contextmanager
def _alone(lock: Path, url: str) -> Iterator[None]:
    """Hold `lock`, which the kernel drops when this process ends, however it ends."""
    with lock.open("a") as file:
        deadline, told = time.monotonic() + source.GIT_SECONDS, False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = f"git: another process has been fetching {url} for {source.GIT_SECONDS} s ({lock})"
                    raise GitError(message) from None
                if not told:
                    print(f"Waiting for another process, which fetches {url}.", file=sys.stderr, flush=True)
                    told = True
            time.sleep(POLL_SECONDS)
        yield


def _forget_old() -> None:
    for repository in REPOSITORIES.glob("*/*/"):
        if repository.stat().st_mtime < time.time() - FORGET_SECONDS:
            shutil.rmtree(repository, ignore_errors=True)
