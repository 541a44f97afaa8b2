"""Build, push and run a stack."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ops import policy, source_argument, stack
from ops.interrupted import exported

if TYPE_CHECKING:
    from ops.unchanged import Unchanged


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
    from ops import unchanged
    from ops.audit_log.recorded import recorded

    overrides = source_argument.overrides(arguments.source, arguments.live, arguments.digest)
    if notice := policy.notice(arguments.stack):
        print(notice, file=sys.stderr)

    def update(message: str) -> int | Unchanged:
        # Rules about a whole stack are judged at the end of a preview, or else of the update: too late to stop it.
        first = () if policy.is_enforced(arguments.stack) else ("--skip-preview",)
        pack = policy.flags(arguments.stack)
        if not first and not flags and _may_be_left_out(arguments.stack):
            verdict = unchanged.look(arguments.stack, pack, stack.environment(overrides))
            if verdict is not None:
                return verdict
        settled = ("--yes", *first, "--message", message, *pack)
        return stack.pulumi("up", *settled, *flags, stack=arguments.stack, overrides=overrides)

    return recorded(arguments.stack, command, overrides, update)


def _may_be_left_out(of_stack: str) -> bool:
    """Whether an update that would change nothing can be left out: not where it proves or mends something."""
    if stack.setting(of_stack, "platform") != "kubernetes":
        return False
    state = exported(of_stack)
    return bool(state.get("resources")) and not state.get("pending_operations")
