"""Build, push and run a stack."""

from __future__ import annotations

import argparse

from ops import policy, source_argument, stack


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `up` takes."""
    source_argument.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Deploy, without a question."""
    return deploy(arguments, "up")


def deploy(arguments: argparse.Namespace, command: str, *flags: str) -> int:
    """`pulumi up` with `flags`, recorded as `command`; its exit code, or `ops.audit_log.recorded.NOT_RECORDED`.

    Raises:
        StackError: when it may not begin (`recorded`); nothing was changed.
    """
    from ops.audit_log.recorded import recorded

    overrides = source_argument.overrides(arguments.source, arguments.live, arguments.digest)

    def update(message: str) -> int:
        # Rules about a whole stack are judged at the end of a preview, or else of the update: too late to stop it.
        first = () if policy.is_enforced(arguments.stack) else ("--skip-preview",)
        settled = ("--yes", *first, "--message", message, *policy.flags(arguments.stack))
        return stack.pulumi("up", *settled, *flags, stack=arguments.stack, overrides=overrides)

    return recorded(arguments.stack, command, overrides, update)
