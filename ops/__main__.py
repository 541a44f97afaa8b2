"""`python -m ops COMMAND --stack NAME`: the commands behind the Makefile.

A command is a module with `arguments(parser)`, which declares its options, and `run(arguments)`, which runs it and
returns the exit code. The first line of its docstring is its help text.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, NoReturn, Protocol, cast

from ops.stack import cli, orphan_processes
from ops.stack.stack_error import StackError
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
"""Module of each command. Importing all of them takes half a second, so only the requested one is imported."""


class Command(Protocol):
    """The interface of the modules in `COMMANDS`; `NEEDS_STACK = False` marks one that works without a stack."""

    __doc__: str | None

    def arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


def needs_stack(command: Command) -> bool:
    """Whether a command works on a stack, which must then exist."""
    return bool(getattr(command, "NEEDS_STACK", True))


class Parser(argparse.ArgumentParser):
    """Prints one usage and one error for a bad command line, and exits with 1.

    argparse itself exits with 2, which means "change" here (`ops.exit_codes`).
    """

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(1, f"error: {message}\n")


class CommandParser(Parser):
    """Rejects unknown arguments itself, so that the usage is that of the command and not that of `ops`."""

    # The overloads of the base class cannot be expressed here; argparse calls this with a namespace.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return parsed, unknown


def help_text(command: Command) -> str:
    """The help text of a command: the first line of its module's docstring."""
    return (command.__doc__ or "").splitlines()[0]


def parser(names: Iterable[str] = COMMANDS) -> Parser:
    """Build the command-line parser.

    Args:
        names: commands from `COMMANDS` that the parser accepts.
    """
    root = Parser(prog="ops", description="Deploys and operates the stacks of this project.")
    subparsers = root.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=CommandParser)
    for name in names:
        command = cast(Command, import_module(COMMANDS[name]))
        subparser = subparsers.add_parser(name, help=help_text(command), description=help_text(command))
        if needs_stack(command):
            subparser.add_argument("--stack", default="dev", metavar="NAME", help="name of the stack (default: dev)")
        subparser.set_defaults(module=command)
        command.arguments(subparser)
    return root


def main() -> int:
    """Run one command and return its exit code."""
    requested = [name for name in sys.argv[1:2] if name in COMMANDS]
    arguments = parser(requested or COMMANDS).parse_args()
    try:
        if needs_stack(arguments.module):
            _report_ended(orphan_processes.end_orphans())
            repair_state_files.repair()
            cli.select(arguments.stack)
        return int(arguments.module.run(arguments))
    except (StackError, BadSource) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        if needs_stack(arguments.module):
            _report_ended(orphan_processes.end_own_processes())


def _report_ended(programs: list[str]) -> None:
    if programs:
        print(f"Ended orphaned processes of a killed Pulumi CLI: {', '.join(programs)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
