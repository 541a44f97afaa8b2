"""Volumes with data that a stack on an engine has in its state and the engine has no more.

A refresh forgets such a volume, and Pulumi then makes an empty one: the loss would be one line among many. So it is
looked for before that. Without a refresh, the program itself finds it (components/docker/volumes.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docker.errors import DockerException, NotFound
from requests import RequestException

from components.docker import volumes
from components.docker.engine import engine
from ops.stack.cli import StackError, setting

VOLUME = "docker:index/volume:Volume"


def refuse(stack: str, state: Mapping[str, Any], accepted: Sequence[str] = ()) -> None:
    """Refuse to go on where a protected volume of the stack is gone.

    Args:
        stack: name of the stack.
        state: as `ops.state.interrupted.exported` gives it.
        accepted: names of volumes that may be made anew, empty.

    Raises:
        StackError: with the volumes that are gone, how to restore them, and how to accept that they are empty.
    """
    lost = [name for name in _lost(stack, state) if name not in accepted]
    if not lost:
        return
    raise StackError(volumes.lost_volumes_message(f"mimir-{stack}", lost))


def _lost(stack: str, state: Mapping[str, Any]) -> Iterator[str]:
    """Names of the protected volumes in a state that the engine does not have."""
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
        return  # the update asks the same engine, and says why it does not answer
