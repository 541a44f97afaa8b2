"""`up`, after a look at what somebody changed or removed behind Pulumi's back."""

from __future__ import annotations

import argparse

from ops import source_argument, up
from ops.interrupted import exported


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
    """Refresh, then deploy.

    Raises:
        StackError: when a protected volume is gone, and nobody has accepted that its data is; nothing was changed.
    """
    from ops import volumes_lost  # the engine's library takes half a second to load

    volumes_lost.refuse(arguments.stack, exported(arguments.stack), arguments.empty)
    return up.deploy(arguments, "refresh", "--refresh")
