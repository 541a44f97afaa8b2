"""`SOURCE=` of `make up`: a folder, or a git URL with a commit. `DIGEST=`: an image that was built before."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from components.source.source import ALLOWED_URLS, GitError, git, is_url, location_fault, shown


class BadSource(Exception):
    """SOURCE or DIGEST cannot be deployed; the message says what would be."""


def add(parser: argparse.ArgumentParser) -> None:
    """Let a command deploy another source than the stack file's, or a digest that the registry has."""
    parser.add_argument("--source", default="", help="folder, or git URL#commit, for this run only")
    parser.add_argument("--live", action="store_true", help="development mode, for this run only")
    parser.add_argument("--digest", default="", help="sha256:… in the stack's repository: deployed, nothing is built")


def overrides(source: str, live: bool, digest: str = "") -> dict[str, Any]:
    """The settings that SOURCE, development mode and DIGEST stand for.

    Raises:
        BadSource: when SOURCE is no folder, or a URL without a full commit; when DIGEST is no digest, or beside a
            source.
    """
    if digest:
        return _of_digest(source, live, digest)
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
            raise BadSource(f"SOURCE={source}: after # comes a full commit, or nothing for the folder as it is")
        return {**settings, "source": {"location": str(Path(location).resolve()), "commit": commit or None}}
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise BadSource(
            f"SOURCE={source}: a URL needs a full commit, because branches move: SOURCE={_suggest(location)}"
        )
    return {**settings, "source": {"location": location, "commit": commit}}


def _of_digest(source: str, live: bool, digest: str) -> dict[str, Any]:
    if source or live:
        raise BadSource("DIGEST= is deployed as it is: leave out SOURCE= and development mode, which build")
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise BadSource(f"DIGEST={digest}: a digest is sha256: and 64 hexadecimal digits")
    return {"image": {"digest": digest}}


def _suggest(url: str) -> str:
    try:
        return f"{url}#{git('ls-remote', '--quiet', '--', url, 'HEAD').decode().split()[0]}"
    except (GitError, IndexError):
        return f"{url}#<commit>"
