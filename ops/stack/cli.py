"""Create the stack and this checkout's passphrase, and select the stack; deploys nothing."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.constants import OVERRIDES
from ops.display import run as display
from ops.display.next_step import next_step
from ops.stack import orphan_processes, yaml_file
from ops.stack.stack_error import StackError
from ops.state import local_state
from toolchain.passphrase import PASSPHRASE, PASSPHRASE_VARIABLES, passphrase


def arguments(_: argparse.ArgumentParser) -> None:
    """Declare no options besides the stack."""


def run(_: argparse.Namespace) -> int:
    """Do nothing: `ops.__main__` selects the stack before every command."""
    return 0


def environment(overrides: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The environment for the CLI, with this checkout's passphrase unless the user has set another one.

    Args:
        overrides: settings for this run only.
    """
    override_variables = {OVERRIDES: json.dumps(overrides)} if overrides else {}
    return {**os.environ, **passphrase(Path(), os.environ), **override_variables, **orphan_processes.mark()}


def select(stack: str) -> None:
    """Create `stack` and a passphrase for its secrets if they do not exist, and make it the CLI's current stack.

    Raises:
        StackError: there is no stack file, or its secrets are encrypted with a passphrase that is not available.
    """
    file = Path(f"Pulumi.{stack}.yaml")
    if not file.exists():
        stacks = ", ".join(sorted(path.name.split(".")[1] for path in Path().glob("Pulumi.*.yaml")))
        raise StackError(f"there is no {file}; known stacks: {stacks}. For a new one: cp Pulumi.dev.yaml {file}")
    _ensure_passphrase(file)
    if local_state.is_selected(stack, environment()):
        return
    result = run_captured("stack", "select", "--create", stack)
    if result.returncode != 0:
        reason = result.stderr.strip()
        step = next_step(reason, stack, has_begun=False)
        raise StackError("\n  ".join([f"stack {stack} cannot be selected: {reason}", *([step] if step else [])]))


def pulumi(*arguments: str, stack: str, overrides: Mapping[str, Any] | None = None) -> int:
    """Run the CLI on `stack`, show its progress (`ops.display`), and return its exit code.

    Args:
        arguments: the CLI's command and its arguments.
        stack: name of the stack.
        overrides: settings for this run only.
    """
    command, *rest = arguments
    return display.run(command, rest, stack, environment(overrides))


def run_captured(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the CLI with its output captured, and not shown.

    Args:
        arguments: the CLI's command and its arguments.
        stdin: input, for secrets: every user of a machine can read the arguments of a process.
    """
    return subprocess.run(
        ["pulumi", *arguments], input=stdin, env=environment(), capture_output=True, text=True, check=False
    )


def outputs(stack: str) -> dict[str, Any]:
    """The outputs of `stack`; empty if it was never deployed."""
    result = run_captured("stack", "output", "--json", "--stack", stack)
    return dict(json.loads(result.stdout or "{}")) if result.returncode == 0 else {}


def setting(stack: str, *path: str) -> str | None:
    """The value in the stack file at `path`, such as "docker", "host"; None if it is not set there.

    Args:
        stack: name of the stack.
        path: keys from the section down.
    """
    value: Any = yaml_file.read(Path(f"Pulumi.{stack}.yaml")).get("config") or {}
    for key in (f"mimir:{path[0]}", *path[1:]):
        value = value.get(key) if isinstance(value, dict) else None
    return None if value is None else str(value)


def _ensure_passphrase(file: Path) -> None:
    """Create a passphrase for this checkout, unless one exists or the stack uses another secrets provider."""
    if PASSPHRASE.exists() or any(name in os.environ for name in PASSPHRASE_VARIABLES):
        return
    settings = yaml_file.read(file)
    if "secretsprovider" in settings:
        return
    if "encryptionsalt" in settings:
        raise StackError(
            f"the secrets in {file} are encrypted with a passphrase that this checkout does not have; "
            f"write it to {PASSPHRASE}, or set PULUMI_CONFIG_PASSPHRASE_FILE"
        )
    fresh = PASSPHRASE.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(32))
    fresh.rename(PASSPHRASE)  # atomic: an interruption never leaves an empty file
    notice = f"Created {PASSPHRASE}, the key of this checkout's secrets: keep a copy; without it they cannot be read."
    print(notice, file=sys.stderr)  # a pipeline parses standard output
