"""What a record says of who deploys, from which revision, and what."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.constants import DEFAULT_SOURCE
from components.source.repository import open_repository
from components.source.source import GitError, git, is_url
from ops.audit_log.location import shown
from ops.audit_log.record import From, Revision, Who
from ops.stack import cli


def who(environment: Mapping[str, str] = os.environ) -> Who:
    """Who runs this process."""
    login = getpass.getuser()
    run = None
    if environment.get("GITHUB_ACTIONS") == "true":
        server, repository, number = (
            environment.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")
        )
        run = f"{server}/{repository}/actions/runs/{number}"
    return Who(
        name=_actor(environment) if run else _git("config", "user.name") or login,
        login=login,
        host=socket.gethostname(),
        process=os.getpid(),
        run=run,
    )


def _actor(environment: Mapping[str, str]) -> str:
    """Who started this run; of a run that is repeated, who did that."""
    return environment.get("GITHUB_TRIGGERING_ACTOR") or environment.get("GITHUB_ACTOR", "")


def revision() -> Revision:
    """The revision of this project's files; nothing outside of version control."""
    commit = _git("rev-parse", "HEAD")
    return Revision(commit=commit or None, dirty=bool(commit and _git("status", "--porcelain", "--", ".")))


def revision_of_source(folder: Path) -> Revision:
    """The revision of the files in `folder`, whose repository is not trusted; nothing outside of version control."""
    try:
        with open_repository(folder) as repository:
            return Revision(commit=repository.head, dirty=repository.is_changed()) if repository else Revision()
    except (GitError, OSError):
        return Revision()


def source(of_stack: str, overrides: Mapping[str, Any]) -> From:
    """What a deployment of `of_stack` builds or takes, with the settings of this run first."""
    given = overrides.get("image", {}).get("digest") or cli.setting(of_stack, "image", "digest")
    chosen = overrides.get("source")
    if given and not chosen:
        return From(digest=str(given))
    location, commit = (
        (chosen["location"], chosen["commit"])
        if chosen
        else (cli.setting(of_stack, "source", "location"), cli.setting(of_stack, "source", "commit"))
    )
    location = str(location or DEFAULT_SOURCE)
    if commit:
        return From(location=shown(location) if is_url(location) else location, revision=Revision(commit=str(commit)))
    return From(location=location, revision=revision_of_source(Path(location)))


def _git(*arguments: str) -> str:
    try:
        return git(*arguments).decode(errors="replace").strip()
    except (GitError, OSError):
        return ""
