"""Build, push and run a stack."""

from __future__ import annotations

import argparse

from ops import source_argument, stack


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `up` takes."""
    source_argument.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Deploy, without a question."""
    return deploy(arguments)


def deploy(arguments: argparse.Namespace, *flags: str) -> int:
    """`pulumi up` with `flags`; its exit code."""
    overrides = source_argument.overrides(arguments.source, arguments.live, arguments.digest)
    return stack.pulumi("up", "--yes", "--skip-preview", *flags, stack=arguments.stack, overrides=overrides)
