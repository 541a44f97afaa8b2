"""What a killed CLI leaves running is ended by its command or by the next one of the checkout, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops import __main__ as commands
from ops.stack import cli as stacks
from ops.stack import orphan_processes
from ops.stack.orphan_processes import VARIABLE
from tests.support.e2e.stack import eventually
from tests.support.project import PROJECT
from toolchain.services.process import identity

CLI = """#!/bin/sh
# A CLI that starts a provider, says so, and is killed before it can end it.
pulumi-resource-test 600 > /dev/null 2>&1 & echo $! > provider.new
until grep -aq ^pulumi-resource-test /proc/$!/cmdline; do :; done  # or it would still be a copy of this shell
mv provider.new provider
case "$1" in up) kill -9 $$;; wait) exec real/pulumi 600;; esac
"""

COMMAND = """
import subprocess, sys
from ops.stack import cli
subprocess.run(["pulumi", sys.argv[1]], env=cli.environment())
"""

Start = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout with a CLI and a provider of its own."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pulumi").write_text(CLI)
    (tmp_path / "bin/pulumi").chmod(0o755)
    (tmp_path / "bin/pulumi-resource-test").symlink_to("/bin/sleep")
    (tmp_path / "real").mkdir()
    (tmp_path / "real/pulumi").symlink_to("/bin/sleep")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "for-tests-only")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for process in provider(tmp_path):
        os.kill(process, signal.SIGKILL)


@pytest.fixture
def start(here: Path) -> Iterator[Start]:
    """Starts a command of its own that runs the CLI."""
    commands = []

    def begin(argument: str) -> subprocess.Popen[bytes]:
        commands.append(subprocess.Popen([sys.executable, "-c", COMMAND, argument], start_new_session=True))
        eventually("the provider runs", lambda: (here / "provider").exists(), 20)
        return commands[-1]

    yield begin
    for command in commands:
        if command.poll() is None:
            os.killpg(command.pid, signal.SIGKILL)
        command.wait()


def provider(folder: Path) -> list[int]:
    """The provider's process, while it runs."""
    try:
        process = int((folder / "provider").read_text())
    except OSError:
        return []
    return [process] if identity(process) else []


def test_a_command_ends_what_its_killed_cli_has_left(here: Path) -> None:
    subprocess.run(["pulumi", "up"], env=stacks.environment(), check=False)
    assert provider(here), "it is not the CLI that ends it"
    assert orphan_processes.end_own_processes() == ["pulumi-resource-test"]
    assert not provider(here)


def test_every_command_looks_at_its_beginning_and_at_its_end(
    here: Path, start: Start, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("Pulumi.yaml").write_text("name: mimir\nbackend:\n  url: file://.\n")
    Path("Pulumi.dev.yaml").write_text("config: {}\n")
    monkeypatch.setattr(sys, "argv", ["ops", "stack"])
    start("up").wait()
    [of_the_killed_one] = provider(here)
    assert commands.main() == 0
    assert not identity(of_the_killed_one)
    assert not provider(here), "which its own CLI has left"
    assert capfd.readouterr().err.count("killed Pulumi CLI: pulumi-resource-test") == 2


def test_the_next_command_ends_what_a_killed_one_has_left(here: Path, start: Start) -> None:
    start("up").wait()
    assert provider(here)
    assert orphan_processes.end_orphans() == ["pulumi-resource-test"]
    assert not provider(here)
    assert orphan_processes.end_orphans() == []


def test_a_command_that_runs_keeps_its_processes(here: Path, start: Start) -> None:
    start("wait")
    assert orphan_processes.end_orphans() == []
    assert provider(here)


def test_a_cli_that_has_outlived_its_command_keeps_them_too(here: Path, start: Start) -> None:
    """It still updates the stack; its lock says so."""
    command = start("wait")
    os.kill(command.pid, signal.SIGKILL)
    command.wait()
    assert orphan_processes.end_orphans() == []
    assert provider(here)
    os.killpg(command.pid, signal.SIGKILL)


def test_another_checkout_keeps_its_own(here: Path, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    start("up").wait()
    (here / "another").mkdir()
    monkeypatch.chdir(here / "another")
    assert orphan_processes.end_orphans() == []
    assert provider(here)


def test_a_number_that_is_used_again_is_no_command_that_runs(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark says when the command began, and in which run of the machine."""
    _, number, _, boot = stacks.environment()[VARIABLE].split("|")
    mark = f"{here}|{number}|1|{boot}"
    subprocess.run(["pulumi", "up"], env={**os.environ, VARIABLE: mark}, check=False)
    assert orphan_processes.end_own_processes() == []
    assert orphan_processes.end_orphans() == ["pulumi-resource-test"]


@pytest.mark.parametrize("mark", ["", "nonsense", "a|b|c"])
def test_a_variable_of_somebody_else_is_no_mark(here: Path, mark: str) -> None:
    value = f"{here}|{mark}"
    subprocess.run(["pulumi", "up"], env={**os.environ, VARIABLE: value}, check=False)
    assert orphan_processes.end_orphans() == []
    assert provider(here)
