"""Build and push the image, and deploy the stack."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ops.stack import cli
from ops.stack.stack_error import StackError
from ops.state.interrupted import export_state
from ops.update import policy_packs, renamed_stack, source_argument

if TYPE_CHECKING:
    from ops.update.unchanged import Unchanged

UNREACHABLE = 1
"""Exit code of a deployment that succeeded, but does not serve requests."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `up`."""
    source_argument.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Deploy without confirmation."""
    return deploy(arguments, "up")


def deploy(arguments: argparse.Namespace, command: str, *flags: str, before: Callable[[], object] | None = None) -> int:
    """Run `pulumi up` with `flags`, and record it in the audit log as `command`.

    Args:
        arguments: the parsed command line.
        command: name of the command in the audit log.
        flags: additional flags of `pulumi up`.
        before: called first, as part of the deployment; if it raises StackError, the exit code is 1.

    Returns:
        The exit code, or `ops.audit_log.recording.NOT_RECORDED`.

    Raises:
        StackError: the deployment cannot start (`run_recorded`); nothing was changed.
    """
    from ops.audit_log.recording import run_recorded
    from ops.update import unchanged

    overrides = source_argument.overrides(arguments.source, arguments.live, arguments.digest)
    state = export_state(arguments.stack)
    renamed_stack.reject_renamed_stack(arguments.stack, state)
    if notice := policy_packs.notice(arguments.stack):
        print(notice, file=sys.stderr)

    def update(message: str) -> int | Unchanged:
        if before:
            try:
                before()
            except StackError as error:
                print(f"error: {error}", file=sys.stderr)
                return 1
        return verify_reachable(arguments.stack, change(message))

    def change(message: str) -> int | Unchanged:
        # Stack policies are evaluated at the end of a preview; without one, at the end of the update, too late to stop.
        preview = () if policy_packs.is_enforced(arguments.stack) else ("--skip-preview",)
        policies = policy_packs.flags(arguments.stack)
        if not preview and not flags and _can_skip_update(arguments.stack, state):
            result = unchanged.find_changes(arguments.stack, policies, cli.environment(overrides))
            if result is not None:
                return result
        options = ("--yes", *preview, "--message", message, *policies)
        return cli.pulumi("up", *options, *flags, stack=arguments.stack, overrides=overrides)

    return run_recorded(arguments.stack, command, overrides, update)


def verify_reachable(stack: str, result: int | Unchanged) -> int | Unchanged:
    """Verify that a deployed stack serves requests; on Kubernetes only (see `ops.checks.reachability`).

    Args:
        stack: name of the stack.
        result: the CLI's exit code, or the resources that were found unchanged.

    Returns:
        `result`, or UNREACHABLE if the deployment succeeded and does not serve requests.
    """
    from ops.checks import reachability
    from ops.state.interrupted import stack_outputs

    if (isinstance(result, int) and result != 0) or cli.setting(stack, "platform") != "kubernetes":
        return result
    return result if reachability.verify(stack, stack_outputs(export_state(stack))) else UNREACHABLE


def _can_skip_update(stack: str, state: Mapping[str, Any]) -> bool:
    """Whether an update without changes can be skipped: not if it also verifies or repairs something."""
    if cli.setting(stack, "platform") != "kubernetes":
        return False
    return bool(state.get("resources")) and not state.get("pending_operations")
