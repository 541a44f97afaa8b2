"""`SOURCE=` of `make up`: a folder, or a git URL with a commit. `DIGEST=`: an existing image in the registry."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from components.source.source import ALLOWED_URLS, GitError, git, is_url, location_fault, shown


class BadSource(Exception):
    """SOURCE or DIGEST is invalid; the message says what is allowed."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options that select another source than the stack file's, or an existing digest."""
    add_source(parser)
    parser.add_argument(
        "--live",
        action="store_true",
        help="development mode, for this run only: the source is mounted, rebuilt and restarted on save",
    )
    parser.add_argument(
        "--digest", default="", help="deploy this digest of the stack's repository, and build nothing: sha256:…"
    )


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add the option that selects another source than the stack file's."""
    parser.add_argument("--source", default="", help="source to build, for this run only: folder, or git URL#commit")


def overrides(source: str, live: bool, digest: str = "") -> dict[str, Any]:
    """The settings that correspond to SOURCE, development mode and DIGEST.

    Args:
        source: folder, or git URL#commit; may be empty.
        live: whether development mode is on.
        digest: digest of an existing image; may be empty.

    Raises:
        BadSource: SOURCE is neither a folder nor a URL with a full commit; DIGEST is not a digest, or is combined with
            a source or development mode.
    """
    if digest:
        return _digest_overrides(source, live, digest)
    settings: dict[str, Any] = {"liveReload": True} if live else {}
    if not source:
        return settings
    location, _, commit = source.partition("#")
    if is_url(location) and (fault := location_fault(location)):
        raise BadSource(f"SOURCE={shown(location)!r}, {fault}; allowed: a folder, or {ALLOWED_URLS}")
    if not is_url(location):
        if not Path(location).is_dir():
            raise BadSource(f"SOURCE={location}: there is no such folder")
        if commit and not re.fullmatch(r"[0-9a-f]{40}", commit):
            raise BadSource(
                f"SOURCE={source}: # must be followed by a full commit; without #, the folder is used as is"
            )
        return {**settings, "source": {"location": str(Path(location).resolve()), "commit": commit or None}}
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise BadSource(
            f"SOURCE={source}: a URL needs a full commit, because branches move: SOURCE={_suggest_commit(location)}"
        )
    return {**settings, "source": {"location": location, "commit": commit}}


def _digest_overrides(source: str, live: bool, digest: str) -> dict[str, Any]:
    if source or live:
        raise BadSource("DIGEST= deploys an existing image: leave out SOURCE=, and do not use development mode")
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise BadSource(f"DIGEST={digest}: a digest is sha256: followed by 64 hexadecimal digits")
    return {"image": {"digest": digest}}


def _suggest_commit(url: str) -> str:
    try:
        return f"{url}#{git('ls-remote', '--quiet', '--', url, 'HEAD').decode().split()[0]}"
    except (GitError, IndexError):
        return f"{url}#<commit>"
