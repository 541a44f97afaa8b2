"""A stack on an engine that was renamed. Everything of it there has the stack's name, and would be made anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.stack.cli import StackError

NETWORK = "docker:index/network:Network"
NAME = "::mimir-network"
"""End of the URN of the network that has the deployment's name."""


def refuse(stack: str, state: Mapping[str, Any]) -> None:
    """Refuse to go on where a stack has another name than what it has deployed.

    Its volumes would be new, and so empty; and the edge would be deleted before anything else is made.

    Args:
        stack: name of the stack.
        state: as `ops.state.interrupted.exported` gives it.

    Raises:
        StackError: with the command that gives the stack its name again.
    """
    for resource in state.get("resources") or []:
        deployed = str((resource.get("outputs") or {}).get("name") or f"mimir-{stack}").removeprefix("mimir-")
        if resource["type"] == NETWORK and str(resource["urn"]).endswith(NAME) and deployed != stack:
            raise StackError(
                f"stack {stack} was deployed as {deployed}, and renamed since: its containers and its volumes with "
                f"data are named mimir-{deployed} on the engine. Nothing was changed.\n"
                f"  The name before: pulumi stack rename {deployed} --stack {stack}   # with its stack file\n"
                f"  Another name: deploy a new stack beside it, move the data, and make destroy STACK={deployed}"
            )
