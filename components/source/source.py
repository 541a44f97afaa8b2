"""The location of the source (a folder, a commit in a folder, or a commit at a git URL), and running git safely.

A checked-out repository is not trusted: its configuration can name programs to run, and its index and refs can mark
edited files as unchanged. No program that a repository names is run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.settings import Source

GIT_SECONDS = 300
"""Time for one git command, fetches included."""

FOR_ACCESS = re.compile(
    r"GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|EXEC_PATH|SSL_\w+|PROXY_SSL_\w+|HTTP_PROXY_AUTHMETHOD|HTTP_USER_AGENT"
    r"|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+|PARAMETERS)|TEST_ASSUME_DIFFERENT_OWNER)"
)
"""Git's variables for access and trust, which are kept. Others select a repository, or change what git reads."""

PROTOCOLS = "https:ssh:file"
"""Protocols that git may use, whatever its configuration says: `ext::` would run a command."""

SAFE = tuple(
    word
    for setting in (
        "core.fsmonitor=false",  # a program
        "core.hooksPath=/dev/null",
        "core.untrackedCache=false",
        "core.commitGraph=false",  # its statements on commits are not verified
        "log.showSignature=false",  # runs gpg.program, whose output would be mixed with git's
        "submodule.recurse=false",
        "fetch.recurseSubmodules=false",
        "gc.auto=0",
        "maintenance.auto=false",
    )
    for word in ("-c", setting)
)
"""Settings that override those of the repository and of the user."""

HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
USER = r"[A-Za-z0-9_][\w.+-]*"
PATH = r"[^\s\x00-\x1f\x7f'\"\\<>^`{|}]+"
URLS = (
    rf"https://{HOST}(?::\d{{1,5}})?/{PATH}",
    rf"ssh://(?:{USER}@)?{HOST}(?::\d{{1,5}})?/{PATH}",
    rf"{USER}@{HOST}:(?!-){PATH}",
    rf"file:///{PATH}",
)
ALLOWED_URLS = "https://host/path, ssh://user@host/path, user@host:path or file:///path"


class GitError(Exception):
    """A git command failed; the message holds git's error output."""


@dataclass(frozen=True)
class Revision:
    """What identifies a source.

    Attributes:
        commit: full commit, or None outside of version control.
        epoch: time of that commit in seconds since 1970; 0 outside of version control.
        url: repository's URL without credentials, or None where it has none that works on other machines.
    """

    commit: str | None
    epoch: int
    url: str | None


def is_url(location: str) -> bool:
    """Whether `location` is a git URL and not a folder: scheme://... or the scp form user@host:path."""
    return "://" in location or "::" in location or re.match(r"^[\w.-]+@[\w.-]+:", location) is not None


def location_fault(location: str) -> str | None:
    """Why `location` is refused before it is passed to a program; None where it is allowed.

    Git reads an argument that begins with - as an option, and has transports that run commands (gitremote-helpers(7)).
    """
    if location.startswith("-"):
        return "which begins with -, and would be taken for an option"
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in location):
        return "which has a line break or another control character"
    if is_url(location) and not any(re.fullmatch(form, location) for form in URLS):
        return "which is not a URL from which a source is fetched"
    return None


def shown(location: str) -> str:
    """`location` for a message: without a user and a password."""
    return re.sub(r"//[^/]*@", "//…@", location)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment in which git runs: without prompts, and without variables of a git that started this process."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") or FOR_ACCESS.fullmatch(name)
    }
    return {
        **clean,
        "LC_ALL": "C",  # its messages are parsed
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
        "GIT_ALLOW_PROTOCOL": PROTOCOLS,
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",  # from a URL in the repository's configuration
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        **(more or {}),
    }


def command(*arguments: str, at: Path | None = None, git_dir: Path | None = None) -> list[str]:
    """The command line of git; `arguments` begin with git's command.

    Args:
        arguments: git's command and its arguments. Values from settings follow `--`.
        at: working directory, from which git searches for a repository upwards.
        git_dir: the repository itself, without a search.
    """
    where = [*(["-C", str(at.absolute())] if at else []), *([f"--git-dir={git_dir.absolute()}"] if git_dir else [])]
    return ["git", *where, *SAFE, *arguments]


def git(
    *arguments: str,
    at: Path | None = None,
    git_dir: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
) -> bytes:
    """Run git and return its output.

    Args:
        arguments: git's command and its arguments (see `command`).
        at: working directory.
        git_dir: the repository itself.
        env: additional environment variables.
        stdin: standard input.

    Raises:
        GitError: when git fails or is not installed, with its message.
    """
    try:
        process = subprocess.run(
            command(*arguments, at=at, git_dir=git_dir),
            capture_output=True,
            input=stdin if stdin is not None else b"",
            env=environment(env),
            timeout=GIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git: no answer in {GIT_SECONDS} s") from error
    except FileNotFoundError as error:
        raise GitError("git: it is not installed, or not on PATH") from error
    if process.returncode != 0:
        raise GitError(f"git: {process.stderr.decode(errors='replace').strip()}")
    return process.stdout


def suggestion(location: str) -> str:
    """The command that lists the refs of a repository."""
    return f"git ls-remote -- {shlex.quote(location)}"


def public_url(source: Source, origin: str | None) -> str | None:
    """The URL of `source` as it may be shown to others.

    Args:
        source: the setting.
        origin: URL of the remote `origin`, where the source is a folder.
    """
    url = source.location if is_url(source.location) else origin
    if not url or url.startswith("file://") or not is_url(url) or re.search(r"[\s\x00-\x1f]", url):
        return None  # a path is valid on one machine only, and would make two checkouts of one commit differ
    return re.sub(r"//[^/]*@", "//", url).partition("?")[0]
