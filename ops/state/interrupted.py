"""What an interrupted update leaves in the state, once a later one has made it good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ops.stack.cli import asked
from ops.state import local_state

STACK = "pulumi:pulumi:Stack"


def exported(stack: str) -> dict[str, Any]:
    """The state of `stack`, its secrets encrypted; nothing where it has none."""
    kept = local_state.deployment(stack)
    if kept is not None:
        return kept
    done = asked("stack", "export", "--stack", stack)
    return dict(json.loads(done.stdout).get("deployment") or {}) if done.returncode == 0 else {}


def outputs_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """The stack's outputs in a state, as `exported` gives it; secrets among them are encrypted."""
    roots = [resource for resource in state.get("resources") or [] if resource["type"] == STACK]
    return dict(roots[0].get("outputs") or {}) if roots else {}


def settle(stack: str, state: Mapping[str, Any], message: str) -> None:
    """Take the notes of interrupted creations out of `state`, after an update that succeeded.

    Pulumi keeps them, and warns at every update, until somebody answers questions about each: it cannot know whether
    something was created that it does not know. Here the next update creates it anew, and the program removes what is
    left of the first attempt (`leftovers`), so a note about something that the state has by now says nothing more.
    One about something else stays, and Pulumi says what to do.

    Args:
        stack: whose state it is.
        state: as `exported` gives it.
        message: for Pulumi's history.
    """
    resources = state.get("resources") or []
    pending = {one["resource"]["urn"] for one in state.get("pending_operations") or [] if one["type"] == "creating"}
    if not pending or not pending <= {one["urn"] for one in resources}:
        return
    # A refresh of the stack's own resource, which asks no provider; with the stack's lock, unlike an import.
    [root] = [one["urn"] for one in resources if one["type"] == STACK]
    options = ("--clear-pending-creates", "--yes", "--skip-preview", "--message", message, "--target", root)
    asked("refresh", *options, "--stack", stack)  # if it fails, Pulumi's warning stays
