"""`python -m ops COMMAND --stack NAME`: the commands of the Makefile.

A command is a module with `arguments(parser)`, which declares what it takes, and `run(arguments)`, which does it and
returns the exit code. Its docstring's first line is its help.
"""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn, Protocol, cast

from ops import (
    api_key,
    check,
    deployments,
    destroy,
    drift,
    move_state,
    preview,
    refresh,
    sidecars,
    stack,
    throw_away,
    up,
)
from ops.github import comment, issue
from ops.pipeline import command as pipeline
from ops.source_argument import BadSource
from ops.supply import commands as supply

COMMANDS = {
    "stack": stack,
    "up": up,
    "refresh": refresh,
    "preview": preview,
    "drift": drift,
    "check": check,
    "destroy": destroy,
    "deployments": deployments,
    "move-state": move_state,
    "api-key": api_key,
    "pipeline": pipeline,
    "comment": comment,
    "issue": issue,
    "throw-away": throw_away,
    **supply.COMMANDS,
}


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


def parser() -> Parser:
    """What the commands take."""
    whole = Parser(prog="ops")
    below = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        command = cast(Command, module)
        declared = below.add_parser(name, help=(command.__doc__ or "").splitlines()[0])
        if needs_stack(command):
            declared.add_argument("--stack", default="dev")
        declared.set_defaults(module=command)
        command.arguments(declared)
    return whole


def main() -> int:
    """Run one command and return its exit code."""
    arguments = parser().parse_args()
    try:
        if needs_stack(arguments.module):
            sidecars.mend()
            stack.select(arguments.stack)
        return int(arguments.module.run(arguments))
    except (stack.StackError, BadSource) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
