"""`python -m ops stack|up|refresh|preview|destroy --stack NAME`: the commands of the Makefile."""

from __future__ import annotations

import argparse
import sys

from ops import destroy, stack
from ops.source_argument import BadSource, overrides


def main() -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="ops")
    parser.add_argument("command", choices=["stack", "up", "refresh", "preview", "destroy"])
    parser.add_argument("--stack", default="dev")
    parser.add_argument("--source", default="", help="folder, or git URL#commit, for this run only")
    parser.add_argument("--live", action="store_true", help="development mode, for this run only")
    arguments = parser.parse_args()
    try:
        stack.select(arguments.stack)
        if arguments.command == "stack":
            return 0
        if arguments.command == "destroy":
            return destroy.destroy(arguments.stack)
        return stack.pulumi(
            *stack.COMMANDS[arguments.command],
            stack=arguments.stack,
            overrides=overrides(arguments.source, arguments.live),
        )
    except (stack.StackError, BadSource) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
