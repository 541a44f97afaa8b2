"""Commands that the project prints for a person to type."""

from __future__ import annotations

import subprocess

from tests.support.e2e.stack import Stack


def delete_data(stack: Stack, output: str) -> None:
    """Run the commands that delete what a destroyed stack has kept.

    Args:
        stack: in whose folder and environment they run.
        output: of `ops destroy`, which lists them.
    """
    commands = output.split("permanently:\n")[1].splitlines()
    done = subprocess.run(
        ["sh", "-ec", "\n".join(commands)], cwd=stack.folder, env=stack.environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
