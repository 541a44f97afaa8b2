"""Collects the facts of a record: who deploys, from which revision, and which source."""

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
from ops.audit_log.location import redact_url
from ops.audit_log.record import Actor, DeploymentSource, Revision
from ops.stack import cli


def current_actor(environment: Mapping[str, str] = os.environ) -> Actor:
    """The user or workflow that runs this process."""
    login = getpass.getuser()
    run = None
    if environment.get("GITHUB_ACTIONS") == "true":
        server, repository, number = (
            environment.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")
        )
        run = f"{server}/{repository}/actions/runs/{number}"
    return Actor(
        name=_actor(environment) if run else _git("config", "user.name") or login,
        login=login,
        host=socket.gethostname(),
        process=os.getpid(),
        run=run,
    )


def _actor(environment: Mapping[str, str]) -> str:
    """Who started this workflow run, or re-ran it."""
    return environment.get("GITHUB_TRIGGERING_ACTOR") or environment.get("GITHUB_ACTOR", "")


def project_revision() -> Revision:
    """The revision of this project's files; empty outside of a git repository."""
    commit = _git("rev-parse", "HEAD")
    return Revision(commit=commit or None, dirty=bool(commit and _git("status", "--porcelain", "--", ".")))


def source_revision(folder: Path) -> Revision:
    """The revision of the files in `folder`, whose repository is not trusted; empty outside of a git repository."""
    try:
        with open_repository(folder) as repository:
            return Revision(commit=repository.head, dirty=repository.is_changed()) if repository else Revision()
    except (GitError, OSError):
        return Revision()


def deployment_source(stack: str, overrides: Mapping[str, Any]) -> DeploymentSource:
    """The source or the digest that a deployment uses.

    Args:
        stack: name of the stack.
        overrides: settings for this run only, which take precedence over the stack file.
    """
    digest = overrides.get("image", {}).get("digest") or cli.setting(stack, "image", "digest")
    source = overrides.get("source")
    if digest and not source:
        return DeploymentSource(digest=str(digest))
    location, commit = (
        (source["location"], source["commit"])
        if source
        else (cli.setting(stack, "source", "location"), cli.setting(stack, "source", "commit"))
    )
    location = str(location or DEFAULT_SOURCE)
    if commit:
        return DeploymentSource(
            location=redact_url(location) if is_url(location) else location,
            revision=Revision(commit=str(commit)),
        )
    return DeploymentSource(location=location, revision=source_revision(Path(location)))


def _git(*arguments: str) -> str:
    try:
        return git(*arguments).decode(errors="replace").strip()
    except (GitError, OSError):
        return ""
