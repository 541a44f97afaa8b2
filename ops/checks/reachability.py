"""Verifies that a deployment serves requests: sends requests from outside until one passes the edge.

On a Docker engine the Pulumi program does this at the end of every update (`components.docker.rollout.reachability`).
In a cluster, access may require a port that kubectl forwards, which a program that Pulumi runs cannot keep open.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from typing import Any

from ops.checks import client
from ops.stack.stack_error import StackError

TIMEOUT_SECONDS = 30.0
"""Maximum time until every node routes requests of a new Service to its pods."""

NOT_FOUND = 404
SERVER_ERROR = 500


def verify(stack: str, outputs: Mapping[str, Any]) -> bool:
    """Repeat the health check until it shows that the deployment serves requests; otherwise, print what is wrong.

    A response that rejects the request shows that the edge works. A deployment that this machine cannot reach is only
    a warning, because a pipeline may have no access to it on purpose.

    Args:
        stack: name of the stack, for the suggested commands.
        outputs: outputs of the stack.

    Returns:
        False if the deployment does not serve requests; True if it does, or if that is unknown.
    """
    if "health" not in outputs:
        return True
    command = str(outputs["health"]).partition("   #")[0]
    if "forward" in outputs and shutil.which("kubectl") is None:
        return _warn(f"not verified that the service responds: kubectl is not installed ({outputs['forward']})")
    try:
        with client.open_client(outputs, ()) as edge_client:
            status, problem = edge_client.wait_for(_is_served, TIMEOUT_SECONDS)
    except StackError as error:
        return _warn(f"not verified that the service responds: {error}")
    if problem is None:
        return True
    if status is None and "forward" not in outputs:
        return _warn(f"the service does not respond to this machine: {problem}\n  checked with: {command}")
    print(
        f"error: stack {stack} is deployed, but does not serve requests: {problem}\n"
        f"  checked with: {command}\n"
        f"  to list changes made outside of Pulumi: make drift STACK={stack}\n"
        f"  to revert them: make refresh STACK={stack}",
        file=sys.stderr,
    )
    return False


def _is_served(status: int) -> bool:
    """Whether a response shows that the edge reaches the application, or rejects the request itself."""
    return status < SERVER_ERROR and status != NOT_FOUND


def _warn(reason: str) -> bool:
    print(f"warning: {reason}", file=sys.stderr)
    return True
