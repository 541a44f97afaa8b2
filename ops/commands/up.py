"""Build, push and run a stack."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ops.stack import cli
from ops.state.interrupted import exported
from ops.update import policy_packs, renamed, source_argument

if TYPE_CHECKING:
    from ops.update.unchanged import Unchanged

NOBODY_SERVED = 1
"""Exit code of a deployment after which requests do not get through."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `up` takes."""
    source_argument.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Deploy, without a question."""
    return deploy(arguments, "up")


def deploy(arguments: argparse.Namespace, command: str, *flags: str, before: Callable[[], object] | None = None) -> int:
    """`pulumi up` with `flags`, recorded as `command`; its exit code, or `ops.audit_log.recorded.NOT_RECORDED`.

    Args:
        arguments: of the command.
        command: under which name it is recorded.
        flags: of `pulumi up`.
        before: is called first, as a part of the deployment; one that raises StackError ends it with 1.

    Raises:
        StackError: when it may not begin (`recorded`); nothing was changed.
    """
    from ops.audit_log.recorded import recorded
    from ops.update import unchanged

    overrides = source_argument.overrides(arguments.source, arguments.live, arguments.digest)
    state = exported(arguments.stack)
    renamed.refuse(arguments.stack, state)
    if notice := policy_packs.notice(arguments.stack):
        print(notice, file=sys.stderr)

    def update(message: str) -> int | Unchanged:
        if before:
            try:
                before()
            except cli.StackError as error:
                print(f"error: {error}", file=sys.stderr)
                return 1
        return confirmed(arguments.stack, change(message))

    def change(message: str) -> int | Unchanged:
        # Rules about a whole stack are judged at the end of a preview, or else of the update: too late to stop it.
        first = () if policy_packs.is_enforced(arguments.stack) else ("--skip-preview",)
        pack = policy_packs.flags(arguments.stack)
        if not first and not flags and _may_be_left_out(arguments.stack, state):
            verdict = unchanged.find_changes(arguments.stack, pack, cli.environment(overrides))
            if verdict is not None:
                return verdict
        settled = ("--yes", *first, "--message", message, *pack)
        return cli.pulumi("up", *settled, *flags, stack=arguments.stack, overrides=overrides)

    return recorded(arguments.stack, command, overrides, update)


def confirmed(of_stack: str, ended: int | Unchanged) -> int | Unchanged:
    """What a deployment has come to, once somebody is served; asked here for Kubernetes only (`ops.checks.served`).

    Args:
        of_stack: name of the stack.
        ended: the CLI's exit code, or what it has found unchanged.

    Returns:
        `ended`, or NOBODY_SERVED where a deployment that succeeded does not answer.
    """
    from ops.checks import served
    from ops.state.interrupted import outputs_of

    if (isinstance(ended, int) and ended != 0) or cli.setting(of_stack, "platform") != "kubernetes":
        return ended
    return ended if served.confirm(of_stack, outputs_of(exported(of_stack))) else NOBODY_SERVED


def _may_be_left_out(of_stack: str, state: Mapping[str, Any]) -> bool:
    """Whether an update that would change nothing can be left out: not where it proves or mends something."""
    if cli.setting(of_stack, "platform") != "kubernetes":
        return False
    return bool(state.get("resources")) and not state.get("pending_operations")
