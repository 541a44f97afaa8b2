"""`up`, after a look at what somebody changed or removed behind Pulumi's back."""

from __future__ import annotations

import argparse

from ops import source_argument, up


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `refresh` takes."""
    source_argument.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Refresh, then deploy."""
    return up.deploy(arguments, "refresh", "--refresh")
