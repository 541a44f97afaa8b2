"""`SOURCE=` of `make up`: a folder, or a git URL with a commit."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from components.source import GitError, git, is_url


class BadSource(Exception):
    """SOURCE cannot be deployed; the message says what would be."""


def add(parser: argparse.ArgumentParser) -> None:
    """Let a command deploy another source than the stack file's."""
    parser.add_argument("--source", default="", help="folder, or git URL#commit, for this run only")
    parser.add_argument("--live", action="store_true", help="development mode, for this run only")


def overrides(source: str, live: bool) -> dict[str, Any]:
    """The settings that SOURCE and development mode stand for.

    Raises:
        BadSource: when SOURCE is no folder, or a URL without a full commit.
    """
    settings: dict[str, Any] = {"liveReload": True} if live else {}
    if not source:
        return settings
    location, _, commit = source.partition("#")
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


def _suggest(url: str) -> str:
    try:
        return f"{url}#{git('ls-remote', url, 'HEAD').decode().split()[0]}"
    except (GitError, IndexError):
        return f"{url}#<commit>"
