"""The exported state, and pending operations that an interrupted update leaves in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ops.stack.cli import run_captured
from ops.state import local_state

STACK = "pulumi:pulumi:Stack"


def export_state(stack: str) -> dict[str, Any]:
    """The state of `stack`, with its secrets encrypted; empty if there is none."""
    deployment = local_state.deployment(stack)
    if deployment is not None:
        return deployment
    result = run_captured("stack", "export", "--stack", stack)
    return dict(json.loads(result.stdout).get("deployment") or {}) if result.returncode == 0 else {}


def stack_outputs(state: Mapping[str, Any]) -> dict[str, Any]:
    """The stack's outputs in a state that `export_state` returned; secrets in them are encrypted."""
    roots = [resource for resource in state.get("resources") or [] if resource["type"] == STACK]
    return dict(roots[0].get("outputs") or {}) if roots else {}


def clear_pending_creates(stack: str, state: Mapping[str, Any], message: str) -> None:
    """Remove pending creations of interrupted updates from the state, after an update that succeeded.

    Pulumi keeps them, and warns at every update, until a user answers questions about each: it cannot know whether the
    resource was created. In this project the next update creates the resource again, and the program removes orphans
    of the first attempt, so a pending creation is obsolete once the state has the resource. If it has not, all pending
    creations are kept, and Pulumi prints what to do.

    Args:
        stack: name of the stack.
        state: its state, from `export_state`.
        message: message for Pulumi's history.
    """
    resources = state.get("resources") or []
    operations = state.get("pending_operations") or []
    pending = {operation["resource"]["urn"] for operation in operations if operation["type"] == "creating"}
    if not pending or not pending <= {resource["urn"] for resource in resources}:
        return
    # A refresh of the stack's root resource calls no provider, and takes the stack's lock, unlike an import.
    [root] = [resource["urn"] for resource in resources if resource["type"] == STACK]
    options = ("--clear-pending-creates", "--yes", "--skip-preview", "--message", message, "--target", root)
    run_captured("refresh", *options, "--stack", stack)  # on failure, Pulumi keeps warning
