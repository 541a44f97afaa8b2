"""The few requests to GitHub's REST API that the workflows need (docs.github.com/rest, version 2022-11-28)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import requests

from ops.stack.stack_error import StackError

TIMEOUT_SECONDS = 30
BOT = "github-actions[bot]"
"""Login of the user that a workflow's token belongs to."""

PAGE = 100


class GitHub:
    """A GitHub repository, accessed with a workflow's token."""

    def __init__(self) -> None:
        """Read the repository and the token from the environment of an Actions step.

        Raises:
            StackError: a variable is missing.
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
        """Whether a workflow wrote an issue or comment: other users can reuse its title or marker."""
        return bool((document.get("user") or {}).get("login") == BOT)

    def request(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request and return the response's JSON.

        Args:
            method: HTTP method.
            path: path below the repository.
            body: JSON body, if any.
            query: query parameters.

        Raises:
            StackError: GitHub does not respond, or rejects the request.
        """
        try:
            response = self._session.request(
                method, f"{self._base}/{path}", json=body, params=query, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise StackError(f"GitHub does not respond ({type(error).__name__})") from error
        if not response.ok:
            raise StackError(f"GitHub rejects {method} {path}: status {response.status_code}, {response.text[:300]}")
        return response.json()

    def list_all(self, path: str, **query: Any) -> Iterator[Any]:
        """Yield all members of a list, page by page.

        Args:
            path: path below the repository.
            query: query parameters.
        """
        page = 1
        while members := self.request("GET", path, per_page=PAGE, page=page, **query):
            yield from members
            if len(members) < PAGE:
                return
            page += 1
