"""What `up` would change."""

from __future__ import annotations

import argparse

from ops import source_argument, stack


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `preview` takes."""
    source_argument.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Preview; builds, and pushes nothing."""
    overrides = source_argument.overrides(arguments.source, arguments.live)
    return stack.pulumi("preview", "--diff", stack=arguments.stack, overrides=overrides)
