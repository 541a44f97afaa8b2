"""List the stack's deployments: who deployed which digest, when, with what result."""

from __future__ import annotations

import argparse
import json
import sys

from ops.stack.stack_error import StackError

DIGEST = "sha256:"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `deployments`."""
    parser.add_argument("--json", action="store_true", help="print the complete records as JSON")
    parser.add_argument("--limit", type=int, default=20, help="maximum number of deployments (default: 20)")
    parser.add_argument(
        "--digest", default="", help="only deployments that deployed or replaced this digest: sha256:…, or a prefix"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the last deployments, and return 1 if the audit log is damaged.

    Raises:
        StackError: the digest or the limit is invalid, or the log cannot be read.
    """
    from ops.audit_log import history, log, table
    from ops.audit_log.deployment import merge_deployments

    if arguments.limit < 1:
        raise StackError(f"--limit {arguments.limit}: must be at least 1")
    if arguments.digest and not arguments.digest.startswith(DIGEST):
        raise StackError(f"--digest {arguments.digest}: a digest, or a prefix of one, starts with {DIGEST}")
    audit_log = log.open_log(arguments.stack)
    reading = audit_log.read()
    deployments = merge_deployments(reading.entries, history.read_history(arguments.stack, arguments.limit))
    if arguments.digest:
        deployments = [deployment for deployment in deployments if deployment.concerns(arguments.digest)]
    deployments = deployments[: arguments.limit]
    if arguments.json:
        print(
            json.dumps(
                {
                    "stack": arguments.stack,
                    "log": str(audit_log.store.folder),
                    "problems": list(reading.problems),
                    "deployments": [deployment.as_json() for deployment in deployments],
                },
                indent=2,
            )
        )
    else:
        print(table.render_table(deployments), end="")
    for problem in reading.problems:
        print(f"error: the audit log in {audit_log.store.folder} is damaged: {problem}", file=sys.stderr)
    return 1 if reading.problems else 0
