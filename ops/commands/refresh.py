"""Refresh the state from the platform, then deploy: reverts changes made outside of Pulumi."""

from __future__ import annotations

import argparse
import os

from ops.commands import up
from ops.stack import cli
from ops.state.interrupted import export_state
from ops.update import source_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `refresh`."""
    source_argument.add(parser)
    parser.add_argument(
        "--empty",
        nargs="*",
        default=[],
        metavar="VOLUME",
        help="lost volumes that may be recreated empty",
    )


def run(arguments: argparse.Namespace) -> int:
    """Refresh, then deploy. In a cluster, also revert what other field managers set in the stack's objects.

    `up` does not revert it: a conflict with another field manager stops the update, so that no change is lost unseen.

    Raises:
        StackError: a protected volume is missing on the engine, and `--empty` does not name it; nothing was changed.
    """
    if cli.setting(arguments.stack, "platform") != "kubernetes":
        from ops.update import lost_volumes  # the Docker library takes half a second to import

        lost_volumes.reject_lost_volumes(arguments.stack, export_state(arguments.stack), arguments.empty)
        return up.deploy(arguments, "refresh", "--refresh")
    from components.kubernetes.cluster.cluster import FORCE
    from ops.ownership import added_fields

    os.environ.setdefault(FORCE, "true")  # the CLI passes it on to the provider
    return up.deploy(
        arguments,
        "refresh",
        "--refresh",
        before=lambda: added_fields.remove_added_fields(arguments.stack, lambda line: print(line, flush=True)),
    )
