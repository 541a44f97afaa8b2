"""A state backend, accessed through the CLI. Decrypted secrets stay in this process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.audit_log import location, store
from ops.audit_log.location import redact_url
from ops.stack.stack_error import StackError

NO_SUCH_STACK = 6
"""The CLI's exit code for an unknown stack."""

SECRET = "4dabf18193072939515e22adb298388d"
"""The key that marks a special value in a state (pulumi/sdk, go/common/resource/sig)."""

OF_SECRETS = "1b47061264138c4ac30d75fd1eb44270"
"""The value of that key for a secret."""

LOCKS = ".pulumi/locks/organization"
"""Folder with the locks of stacks, in a backend that is a folder or bucket."""


@dataclass(frozen=True)
class StateBackend:
    """A Pulumi state backend.

    Attributes:
        url: its URL, in Pulumi's form.
        folder: project folder, with the stack file that belongs to this backend.
        environment: environment of the CLI, with the credentials for the secrets in this backend.
    """

    url: str
    folder: Path
    environment: Mapping[str, str] = field(repr=False)

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run the CLI with this backend.

        Args:
            arguments: the CLI's command and its arguments.
            stdin: input, if any.
        """
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env={**self.environment, "PULUMI_BACKEND_URL": self.url},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def run_checked(self, *arguments: str, stdin: str | None = None) -> str:
        """Run the CLI with this backend, and return its standard output.

        Args:
            arguments: the CLI's command and its arguments.
            stdin: input, if any.

        Raises:
            StackError: the CLI fails; the message contains its output.
        """
        result = self.run(*arguments, stdin=stdin)
        if result.returncode != 0:
            output = result.stderr.strip() or result.stdout.strip()
            raise StackError(f"`pulumi {' '.join(arguments[:2])}` at {redact_url(self.url)}: {output}")
        return result.stdout

    def has_stack(self, stack: str) -> bool:
        """Whether the stack exists; it may be empty.

        Raises:
            StackError: the backend does not respond.
        """
        if self.run("stack", "export", "--stack", stack).returncode == NO_SUCH_STACK:
            return False
        self.run_checked("stack", "export", "--stack", stack)
        return True

    def state(self, stack: str, *, clear: bool = False) -> dict[str, Any]:
        """The state of `stack`.

        Args:
            stack: name of the stack.
            clear: whether to decrypt its secrets.

        Raises:
            StackError: the state cannot be read.
        """
        flags = ["--show-secrets"] if clear else []
        exported = json.loads(self.run_checked("stack", "export", "--stack", stack, *flags))
        return dict(exported.get("deployment") or {})

    def config(self, stack: str) -> dict[str, Any]:
        """The settings in the stack file, decrypted.

        Raises:
            StackError: they cannot be decrypted.
        """
        return dict(json.loads(self.run_checked("config", "--json", "--show-secrets", "--stack", stack)))

    def locks(self, project: str, stack: str) -> list[str]:
        """The locks of `stack`.

        Args:
            project: name of the project.
            stack: name of the stack.

        Raises:
            StackError: the backend does not respond.
        """
        if not location.is_folder(self.url):
            stacks = json.loads(self.run_checked("stack", "ls", "--json"))
            return [f"stack {stack}" for item in stacks if item["name"] == stack and item.get("updateInProgress")]
        folder = location.parse_url(self.url, self.environment).below(LOCKS, project, stack)
        return [name for name in store.open_store(folder, "the stack's lock").names() if name.endswith(".json")]


def resources(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources of a state, in their order."""
    return list(state.get("resources") or [])


def identities(state: Mapping[str, Any]) -> set[tuple[str, str]]:
    """URN and ID of each resource of a state."""
    return {(resource["urn"], resource.get("id", "")) for resource in resources(state)}


def find_secrets(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every secret in a state, or in a part of it."""
    if isinstance(value, dict):
        if value.get(SECRET) == OF_SECRETS:
            yield value
        else:
            for member in value.values():
                yield from find_secrets(member)
    elif isinstance(value, list):
        for item in value:
            yield from find_secrets(item)
