"""Detects volumes with data that are in a stack's state, but no longer on the Docker engine.

A refresh removes such a volume from the state, and Pulumi then creates an empty one: the loss would be one line among
many. So this check runs before it. Without a refresh, the program itself detects it (components/docker/volumes.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docker.errors import DockerException, NotFound
from requests import RequestException

from components.docker import volumes
from components.docker.engine import engine
from ops.stack.cli import setting
from ops.stack.stack_error import StackError

VOLUME = "docker:index/volume:Volume"


def reject_lost_volumes(stack: str, state: Mapping[str, Any], accepted: Sequence[str] = ()) -> None:
    """Raise an error if a protected volume of the stack is missing.

    Args:
        stack: name of the stack.
        state: its state, from `ops.state.interrupted.export_state`.
        accepted: names of volumes that may be recreated empty.

    Raises:
        StackError: volumes are missing; the message says how to restore them, or to accept the loss.
    """
    lost = [name for name in _find_lost(stack, state) if name not in accepted]
    if not lost:
        return
    raise StackError(volumes.lost_volumes_message(f"mimir-{stack}", lost))


def _find_lost(stack: str, state: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of protected volumes in the state that the engine does not have."""
    names = [
        str(resource["outputs"]["name"])
        for resource in state.get("resources") or []
        if resource["type"] == VOLUME and resource.get("protect") and (resource.get("outputs") or {}).get("name")
    ]
    if not names:
        return
    try:
        client = engine.client(setting(stack, "docker", "host"))
        for name in names:
            try:
                client.volumes.get(name)
            except NotFound:
                yield name
    except (DockerException, RequestException):
        return  # the update connects to the same engine, and reports the error
