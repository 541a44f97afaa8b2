"""`up`, after a look at what somebody changed or removed behind Pulumi's back."""

from __future__ import annotations

import argparse
import os

from ops.commands import up
from ops.stack import cli
from ops.state.interrupted import exported
from ops.update import source_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `refresh` takes."""
    source_argument.add(parser)
    parser.add_argument(
        "--empty",
        nargs="*",
        default=[],
        metavar="VOLUME",
        help="lost volumes that may be made anew, without their data",
    )


def run(arguments: argparse.Namespace) -> int:
    """Refresh, then deploy. In a cluster, take back what other field managers have set in the stack's objects.

    `up` does not: there, a conflict with another field manager ends the update, so that nobody's change is lost unseen.

    Raises:
        StackError: when a protected volume of an engine is gone, and nobody has accepted that its data is; nothing was
            changed.
    """
    if cli.setting(arguments.stack, "platform") != "kubernetes":
        from ops.update import lost_volumes  # the engine's library takes half a second to load

        lost_volumes.refuse(arguments.stack, exported(arguments.stack), arguments.empty)
        return up.deploy(arguments, "refresh", "--refresh")
    from components.kubernetes.cluster.cluster import FORCE
    from ops.ownership import take_back

    os.environ.setdefault(FORCE, "true")  # the CLI hands it to the provider
    return up.deploy(
        arguments,
        "refresh",
        "--refresh",
        before=lambda: take_back.take_back(arguments.stack, lambda line: print(line, flush=True)),
    )
