"""`python -m ops stack|up|refresh|preview|destroy|api-key --stack NAME`: the commands of the Makefile."""

from __future__ import annotations

import argparse
import sys

from ops import api_key, destroy, stack
from ops.source_argument import BadSource, overrides


def main() -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="ops")
    parser.add_argument("command", choices=["stack", "up", "refresh", "preview", "destroy", "api-key"])
    parser.add_argument("--stack", default="dev")
    parser.add_argument("--source", default="", help="folder, or git URL#commit, for this run only")
    parser.add_argument("--live", action="store_true", help="development mode, for this run only")
    parser.add_argument("--name", default="", help="api-key: whose key")
    arguments = parser.parse_args()
    try:
        stack.select(arguments.stack)
        if arguments.command == "stack":
            return 0
        if arguments.command == "destroy":
            return destroy.destroy(arguments.stack)
        if arguments.command == "api-key":
            return api_key.make(arguments.stack, arguments.name)
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
