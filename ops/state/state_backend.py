"""A place of state, asked through the CLI. What is read in the clear stays in this process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.audit_log import location, store
from ops.audit_log.location import shown
from ops.stack.cli import StackError

NO_SUCH_STACK = 6
"""The CLI's exit code."""

SECRET = "4dabf18193072939515e22adb298388d"
"""The key that marks a special value in a state, and what a secret's says."""

OF_SECRETS = "1b47061264138c4ac30d75fd1eb44270"

LOCKS = ".pulumi/locks/organization"
"""Where Pulumi keeps the locks of a state in a folder or bucket."""


@dataclass(frozen=True)
class StateBackend:
    """Where state is kept.

    Attributes:
        url: as Pulumi names it.
        folder: the project's, with the stack file that belongs to this place.
        environment: of the CLI, with what it needs to read the secrets there.
    """

    url: str
    folder: Path
    environment: Mapping[str, str] = field(repr=False)

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run the CLI on this place."""
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env={**self.environment, "PULUMI_BACKEND_URL": self.url},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, *arguments: str, stdin: str | None = None) -> str:
        """What the CLI prints.

        Raises:
            StackError: when it fails, with what it says.
        """
        done = self.run(*arguments, stdin=stdin)
        if done.returncode != 0:
            said = done.stderr.strip() or done.stdout.strip()
            raise StackError(f"`pulumi {' '.join(arguments[:2])}` at {shown(self.url)}: {said}")
        return done.stdout

    def has(self, stack: str) -> bool:
        """Whether there is such a stack, be it empty.

        Raises:
            StackError: when the place does not answer.
        """
        if self.run("stack", "export", "--stack", stack).returncode == NO_SUCH_STACK:
            return False
        self.must("stack", "export", "--stack", stack)
        return True

    def state(self, stack: str, *, clear: bool = False) -> dict[str, Any]:
        """The deployment of `stack`; `clear` decrypts its secrets.

        Raises:
            StackError: when it cannot be read.
        """
        flags = ["--show-secrets"] if clear else []
        exported = json.loads(self.must("stack", "export", "--stack", stack, *flags))
        return dict(exported.get("deployment") or {})

    def config(self, stack: str) -> dict[str, Any]:
        """The settings in the stack file, in the clear.

        Raises:
            StackError: when they cannot be decrypted.
        """
        return dict(json.loads(self.must("config", "--json", "--show-secrets", "--stack", stack)))

    def locks(self, project: str, stack: str) -> list[str]:
        """Who holds the lock of `stack`.

        Raises:
            StackError: when the place does not answer.
        """
        if not location.is_folder(self.url):
            listed = json.loads(self.must("stack", "ls", "--json"))
            return [f"stack {one['name']}" for one in listed if one["name"] == stack and one.get("updateInProgress")]
        where = location.of_url(self.url, self.environment).below(LOCKS, project, stack)
        return [name for name in store.opened(where, "the stack's lock").names() if name.endswith(".json")]


def resources(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources of a state, in its order."""
    return list(state.get("resources") or [])


def identities(state: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What a state is about, whatever it says of it."""
    return {(one["urn"], one.get("id", "")) for one in resources(state)}


def secrets(value: Any) -> Iterator[dict[str, Any]]:
    """Every secret in a state."""
    if isinstance(value, dict):
        if value.get(SECRET) == OF_SECRETS:
            yield value
        else:
            for below in value.values():
                yield from secrets(below)
    elif isinstance(value, list):
        for below in value:
            yield from secrets(below)
