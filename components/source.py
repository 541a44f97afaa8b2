"""Where the source is: a folder, a commit in a folder, or a commit behind a git URL."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.settings import Source

REPOSITORIES = Path(".build/sources")
"""Cache of fetched repositories, relative to the project."""


GIT_SECONDS = 300
"""Time for one git command, fetches included."""

OF_ONE_REPOSITORY = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
)
"""Variables that point git at a repository, as a hook's environment does; those for access and trust are kept."""

NO_HISTORY = ("not a git repository", "does not have any commits", "unknown revision", "bad revision")
"""What git says of a folder that is not under version control, or not yet."""


class GitError(Exception):
    """A git command failed; the message holds what git said."""


@dataclass(frozen=True)
class Revision:
    """What identifies a source.

    Attributes:
        commit: full commit, or None outside of version control.
        epoch: time of that commit in seconds since 1970; 0 outside of version control.
        url: repository's URL without credentials, or None where it has none that others could use.
    """

    commit: str | None
    epoch: int
    url: str | None


def is_url(location: str) -> bool:
    """Whether `location` is a git URL and not a folder: scheme://... or the scp form user@host:path."""
    return "://" in location or re.match(r"^[\w.-]+@[\w.-]+:", location) is not None


def git(
    *arguments: str, at: Path | None = None, env: dict[str, str] | None = None, stdin: bytes | None = None
) -> bytes:
    """Run git and return what it prints.

    It never asks for anything, and sees nothing of a git that may be running around it (a hook sets GIT_DIR).

    Raises:
        GitError: when git fails, with its message.
    """
    where = ["-C", str(at)] if at else []
    clean = {name: value for name, value in os.environ.items() if name not in OF_ONE_REPOSITORY}
    unattended = {
        "LC_ALL": "C",  # its messages are read below
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
    }
    try:
        done = subprocess.run(
            ["git", *where, *arguments],
            capture_output=True,
            input=stdin,
            env={**clean, **unattended, **(env or {})},
            timeout=GIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git: no answer in {GIT_SECONDS} s") from error
    if done.returncode != 0:
        raise GitError(f"git: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def repository(source: Source) -> Path:
    """The local repository that holds `source.commit`, fetched when it is not there yet.

    Raises:
        GitError: when the commit cannot be had.
    """
    if not is_url(source.location):
        return Path(source.location)
    path = REPOSITORIES / hashlib.sha256(source.location.encode()).hexdigest()[:16]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        git("init", "--quiet", "--bare", str(path))
    if not _has_commit(path, str(source.commit)):
        git("fetch", "--quiet", "--depth", "1", source.location, str(source.commit), at=path)
    return path


def _has_commit(path: Path, commit: str) -> bool:
    try:
        git("cat-file", "-e", f"{commit}^{{commit}}", at=path)
    except GitError:
        return False
    return True


def revision(source: Source, path: Path) -> Revision:
    """The revision of `source`, whose repository or folder is `path`.

    Raises:
        GitError: when there is a repository, but git refuses to look at it.
    """
    what = [source.commit] if source.commit else ["HEAD", "--", "."]
    try:
        commit, epoch = git("log", "-1", "--format=%H %ct", *what, at=path).decode().split()
    except ValueError:
        return Revision(None, 0, None)  # a folder of a repository that no commit has touched yet
    except GitError as error:
        if any(words in str(error) for words in NO_HISTORY):
            return Revision(None, 0, None)
        raise
    return Revision(commit, int(epoch), _public_url(source, path))


def _public_url(source: Source, path: Path) -> str | None:
    url = source.location
    if not is_url(url):
        try:
            url = git("remote", "get-url", "origin", at=path).decode().strip()
        except GitError:
            return None
    if url.startswith("file://") or not is_url(url):
        return None  # a path means nothing elsewhere, and would make two checkouts of one commit differ
    return re.sub(r"//[^/]*@", "//", url)
