"""`python -m ops COMMAND --stack NAME`: the commands of the Makefile.

A command is a module with `arguments(parser)`, which declares what it takes, and `run(arguments)`, which does it and
returns the exit code. Its docstring's first line is its help.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import NoReturn, Protocol, cast

from ops.stack import cli, orphan_processes
from ops.state import repair_state_files
from ops.supply import commands as supply
from ops.update.source_argument import BadSource

COMMANDS = {
    "stack": "ops.stack.cli",
    "up": "ops.commands.up",
    "refresh": "ops.commands.refresh",
    "preview": "ops.commands.preview",
    "drift": "ops.commands.drift",
    "check": "ops.commands.check",
    "destroy": "ops.commands.destroy",
    "deployments": "ops.commands.deployments",
    "move-state": "ops.commands.move_state",
    "api-key": "ops.commands.api_key",
    "pipeline": "ops.pipeline.command",
    "comment": "ops.github.comment",
    "issue": "ops.github.issue",
    "throw-away": "ops.commands.throw_away",
    **supply.COMMANDS,
}
"""Names of modules: together they take half a second to load, so that only the one that is asked for is."""


class Command(Protocol):
    """What a module of `COMMANDS` has; one with `NEEDS_STACK = False` works on none."""

    __doc__: str | None

    def arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


def needs_stack(command: Command) -> bool:
    """Whether a command works on a stack, which then has to be there."""
    return bool(getattr(command, "NEEDS_STACK", True))


class Parser(argparse.ArgumentParser):
    """Ends with 1 for a bad command line: argparse's own 2 says «change» (`ops.exit_codes`)."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(1, f"error: {message}\n")


def parser(names: Iterable[str] = COMMANDS) -> Parser:
    """What the commands take.

    Args:
        names: of the commands, from `COMMANDS`; the others are unknown to the parser.
    """
    whole = Parser(prog="ops")
    below = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in names:
        command = cast(Command, import_module(COMMANDS[name]))
        declared = below.add_parser(name, help=(command.__doc__ or "").splitlines()[0])
        if needs_stack(command):
            declared.add_argument("--stack", default="dev")
        declared.set_defaults(module=command)
        command.arguments(declared)
    return whole


def main() -> int:
    """Run one command and return its exit code."""
    asked = [name for name in sys.argv[1:2] if name in COMMANDS]
    arguments = parser(asked or COMMANDS).parse_args()
    try:
        if needs_stack(arguments.module):
            _say_ended(orphan_processes.end_those_of_killed_commands())
            repair_state_files.mend()
            cli.select(arguments.stack)
        return int(arguments.module.run(arguments))
    except (cli.StackError, BadSource) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        if needs_stack(arguments.module):
            _say_ended(orphan_processes.end_own())


def _say_ended(programs: list[str]) -> None:
    if programs:
        print(f"Ended what a killed Pulumi CLI left running: {', '.join(programs)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
