"""What a command loads before it starts the CLI: nothing that it does not need, because a user waits for it."""

from __future__ import annotations

import subprocess
import sys

from tests.support.project import PROJECT

SLOW = ("pulumi", "grpc", "requests", "docker", "kubernetes", "jinja2", "components.settings", "toolchain.tools")
"""Each takes from a twentieth of a second to half a second."""

LOADED = f"import sys; print([name for name in {SLOW!r} if name in sys.modules])"


def loaded(statement: str) -> str:
    """Those of `SLOW` that a fresh Python has loaded after `statement`."""
    command = [sys.executable, "-c", f"{statement}; {LOADED}"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.strip()


def test_make_up_starts_the_cli_without_loading_the_program_or_its_libraries() -> None:
    assert loaded("import ops.__main__, ops.commands.up, ops.audit_log.recording; ops.__main__.parser(['up'])") == "[]"


def test_a_command_does_not_load_the_others() -> None:
    up = "import ops.__main__; ops.__main__.parser(['up']); import sys; assert 'ops.commands.check' not in sys.modules"
    assert loaded(up) == "[]"
