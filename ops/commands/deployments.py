"""Who deployed which digest, when, with what result: the audit log of a stack."""

from __future__ import annotations

import argparse
import json
import sys

from ops.stack.cli import StackError

DIGEST = "sha256:"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `deployments` takes."""
    parser.add_argument("--json", action="store_true", help="everything that was recorded, as JSON")
    parser.add_argument("--limit", type=int, default=20, help="how many of the last ones (default: 20)")
    parser.add_argument("--digest", default="", help="sha256:… or its beginning: those that deployed or replaced it")


def run(arguments: argparse.Namespace) -> int:
    """Show the last deployments; 0, or 1 when the log is not whole any more.

    Raises:
        StackError: for a digest or limit that is none, or when the log does not answer.
    """
    from ops.audit_log import history, log, table
    from ops.audit_log.deployment import merged

    if arguments.limit < 1:
        raise StackError(f"--limit {arguments.limit}: at least 1")
    if arguments.digest and not arguments.digest.startswith(DIGEST):
        raise StackError(f"--digest {arguments.digest}: a digest, or its beginning, starts with {DIGEST}")
    kept = log.of_stack(arguments.stack)
    reading = kept.read()
    everything = merged(reading.entries, history.of_stack(arguments.stack, arguments.limit))
    chosen = [one for one in everything if not arguments.digest or one.concerns(arguments.digest)][: arguments.limit]
    if arguments.json:
        print(
            json.dumps(
                {
                    "stack": arguments.stack,
                    "log": str(kept.store.folder),
                    "problems": list(reading.problems),
                    "deployments": [one.as_json() for one in chosen],
                },
                indent=2,
            )
        )
    else:
        print(table.render_table(chosen), end="")
    for problem in reading.problems:
        print(f"error: the audit log in {kept.store.folder} is not whole: {problem}", file=sys.stderr)
    return 1 if reading.problems else 0
