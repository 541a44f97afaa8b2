"""Whether somebody is served once a deployment has ended: requests from outside, until one gets through the edge.

On a Docker engine the program asks itself (`components.docker.rollout.reachability`): every update ends with it. In a
cluster the way in may be a port that kubectl forwards, which a program that Pulumi runs cannot keep open.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from typing import Any

from ops.checks import client
from ops.stack.cli import StackError

PATIENCE_SECONDS = 30.0
"""How long a new Service may take until every node sends requests to its pods."""

NOT_FOUND = 404
SERVER_ERROR = 500


def confirm(stack: str, outputs: Mapping[str, Any]) -> bool:
    """Ask for the deployment's health until the answer shows that requests get through; print what is wrong otherwise.

    An answer that refuses the request shows the edge at work. A deployment that cannot be reached from this machine is
    a warning only, because a pipeline may be kept away from it on purpose.

    Args:
        stack: name of the stack, for the advice.
        outputs: of the stack.

    Returns:
        Whether nothing shows that nobody is served.
    """
    if "health" not in outputs:
        return True
    command = str(outputs["health"]).partition("   #")[0]
    if "forward" in outputs and shutil.which("kubectl") is None:
        return _unknown(f"not asked whether the service answers: kubectl is not installed ({outputs['forward']})")
    try:
        with client.opened(outputs, ()) as front:
            status, problem = front.wait_for(_gets_through, PATIENCE_SECONDS)
    except StackError as error:
        return _unknown(f"not asked whether the service answers: {error}")
    if problem is None:
        return True
    if status is None and "forward" not in outputs:
        return _unknown(f"the service does not answer from here: {problem}\n  asked: {command}")
    print(
        f"error: stack {stack} is deployed, and nobody is served: {problem}\n"
        f"  asked: {command}\n"
        f"  what somebody else changed or removed: make drift STACK={stack}\n"
        f"  take it back: make refresh STACK={stack}",
        file=sys.stderr,
    )
    return False


def _gets_through(status: int) -> bool:
    """Whether an answer shows that the edge has the application behind it, or refuses the request by itself."""
    return status < SERVER_ERROR and status != NOT_FOUND


def _unknown(reason: str) -> bool:
    print(f"warning: {reason}", file=sys.stderr)
    return True
