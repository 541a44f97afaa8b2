"""`up`, after a look at what somebody changed or removed behind Pulumi's back."""

from __future__ import annotations

import argparse
import os

from ops import source_argument, stack, up


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `refresh` takes."""
    source_argument.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Refresh, then deploy. In a cluster, take back what other field managers have set in the stack's objects.

    `up` does not: there, a conflict with another field manager ends the update, so that nobody's change is lost unseen.
    """
    if stack.setting(arguments.stack, "platform") != "kubernetes":
        return up.deploy(arguments, "refresh", "--refresh")
    from ops.ownership import take_back

    os.environ.setdefault(take_back.FORCE, "true")  # the CLI hands it to the provider
    return up.deploy(
        arguments,
        "refresh",
        "--refresh",
        before=lambda: take_back.take_back(arguments.stack, lambda line: print(line, flush=True)),
    )
