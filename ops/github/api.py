"""The few requests to GitHub's REST API that the workflows need (docs.github.com/rest, version 2022-11-28)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import requests

from ops.stack.cli import StackError

TIMEOUT_SECONDS = 30
BOT = "github-actions[bot]"
"""Who writes with the token of a workflow."""

PAGE = 100


class GitHub:
    """A repository on GitHub, as the token of a workflow reaches it."""

    def __init__(self) -> None:
        """Take repository and token from the environment that Actions gives a step.

        Raises:
            StackError: when it does not.
        """
        missing = [name for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN") if not os.environ.get(name)]
        if missing:
            raise StackError(f"{' and '.join(missing)} must be set, as in a workflow")
        api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
        self._base = f"{api}/repos/{os.environ['GITHUB_REPOSITORY']}"
        self._session = requests.Session()
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
                "X-GitHub-Api-Version": "2022-11-28",
            }
        )

    @staticmethod
    def is_own(document: Any) -> bool:
        """Whether a workflow wrote an issue or a comment: anyone may give theirs our title, or our marker."""
        return bool((document.get("user") or {}).get("login") == BOT)

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One request; its answer as JSON.

        Raises:
            StackError: with what GitHub says, when it refuses.
        """
        try:
            answer = self._session.request(
                method, f"{self._base}/{path}", json=body, params=query, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise StackError(f"GitHub does not answer ({type(error).__name__})") from error
        if not answer.ok:
            raise StackError(f"GitHub refuses {method} {path}: status {answer.status_code}, {answer.text[:300]}")
        return answer.json()

    def every(self, path: str, **query: Any) -> Iterator[Any]:
        """All members of a list, page by page."""
        page = 1
        while members := self.ask("GET", path, per_page=PAGE, page=page, **query):
            yield from members
            if len(members) < PAGE:
                return
            page += 1
