"""Make a stack and this checkout's passphrase, and select it."""

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
from toolchain.passphrase import PASSPHRASE, PASSPHRASE_VARIABLES, passphrase


class StackError(Exception):
    """A stack cannot be worked on; the message says what to do."""


def arguments(_: argparse.ArgumentParser) -> None:
    """Nothing but the stack."""


def run(_: argparse.Namespace) -> int:
    """Every command selects its stack first, and so there is nothing left to do."""
    return 0


def environment(overrides: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The environment for the CLI, with the passphrase of this checkout when the user names none.

    Args:
        overrides: settings of this run.
    """
    of_run = {OVERRIDES: json.dumps(overrides)} if overrides else {}
    return {**os.environ, **passphrase(Path(), os.environ), **of_run, **orphan_processes.mark()}


def select(stack: str) -> None:
    """Make sure that `stack` and a passphrase for its secrets exist, and that the CLI works on it by itself.

    Raises:
        StackError: when there is no stack file, or its secrets are encrypted with a passphrase that is not here.
    """
    file = Path(f"Pulumi.{stack}.yaml")
    if not file.exists():
        known = ", ".join(sorted(path.name.split(".")[1] for path in Path().glob("Pulumi.*.yaml")))
        raise StackError(f"there is no {file}; known stacks: {known}. For a new one: cp Pulumi.dev.yaml {file}")
    _passphrase(file)
    from ops.state import local_state  # which needs what is below

    if local_state.is_selected(stack, environment()):
        return
    done = asked("stack", "select", "--create", stack)
    if done.returncode != 0:
        reason = done.stderr.strip()
        step = next_step(reason, stack, has_begun=False)
        raise StackError("\n  ".join([f"stack {stack} cannot be selected: {reason}", *([step] if step else [])]))


def pulumi(*arguments: str, stack: str, overrides: Mapping[str, Any] | None = None) -> int:
    """Run the CLI on `stack`, showing what it does (`ops.display`), and return its exit code.

    Args:
        arguments: the CLI's command, and what follows it.
        stack: name of the stack.
        overrides: settings of this run.
    """
    command, *rest = arguments
    return display.run(command, rest, stack, environment(overrides))


def asked(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the CLI for what it says, which nobody is shown.

    A secret goes through `stdin`: every user of a machine can read the arguments of a process.
    """
    return subprocess.run(
        ["pulumi", *arguments], input=stdin, env=environment(), capture_output=True, text=True, check=False
    )


def outputs(stack: str) -> dict[str, Any]:
    """The outputs of `stack`; nothing where it was never deployed."""
    done = asked("stack", "output", "--json", "--stack", stack)
    return dict(json.loads(done.stdout or "{}")) if done.returncode == 0 else {}


def setting(stack: str, *path: str) -> str | None:
    """What the stack file says at `path`, such as "docker", "host"; None where it says nothing."""
    found: Any = yaml_file.read(Path(f"Pulumi.{stack}.yaml")).get("config") or {}
    for key in (f"mimir:{path[0]}", *path[1:]):
        found = found.get(key) if isinstance(found, dict) else None
    return None if found is None else str(found)


def _passphrase(file: Path) -> None:
    """Make a passphrase for this checkout, unless one is there or the stack does not want one."""
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
    fresh.rename(PASSPHRASE)  # never an empty one, whatever interrupts
    said = f"Made {PASSPHRASE}, the key of this checkout's secrets: keep a copy; without it they cannot be read."
    print(said, file=sys.stderr)  # not between the lines that a pipeline reads
