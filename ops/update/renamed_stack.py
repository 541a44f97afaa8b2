"""Detects a renamed stack on a Docker engine: its objects have the stack's name, and would all be recreated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.stack.stack_error import StackError

NETWORK = "docker:index/network:Network"
NAME = "::mimir-network"
"""End of the URN of the network whose name contains the stack's name."""


def reject_renamed_stack(stack: str, state: Mapping[str, Any]) -> None:
    """Raise an error if a stack was deployed under another name.

    Its volumes would be recreated empty, and the edge would be deleted before anything else is created.

    Args:
        stack: name of the stack.
        state: its state, from `ops.state.interrupted.export_state`.

    Raises:
        StackError: the stack was renamed; the message contains the command that restores its name.
    """
    for resource in state.get("resources") or []:
        deployed = str((resource.get("outputs") or {}).get("name") or f"mimir-{stack}").removeprefix("mimir-")
        if resource["type"] == NETWORK and str(resource["urn"]).endswith(NAME) and deployed != stack:
            raise StackError(
                f"stack {stack} was deployed as {deployed}, and renamed since: its containers and its volumes with "
                f"data are named mimir-{deployed} on the engine. Nothing was changed.\n"
                f"  To restore the name: pulumi stack rename {deployed} --stack {stack}   # with its stack file\n"
                f"  For another name: deploy a new stack, move the data, then make destroy STACK={deployed}"
            )
