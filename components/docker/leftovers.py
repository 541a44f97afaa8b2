"""What an update that was killed half-way left on the engine under the names that the next one needs.

Pulumi learns of a resource when its creation has ended, so a kill in between leaves a container or a network that no
state knows. Neither holds data: the hook removes what carries this deployment's label, and refuses what does not.
Volumes are not touched; the engine hands out the existing one.
"""

from __future__ import annotations

from typing import Any

import pulumi
from docker.errors import NotFound

from components.application import Application
from components.docker import engine
from components.docker.labels import DEPLOYMENT
from components.settings import Settings


class NotOurs(Exception):
    """Raised when a name that the deployment needs is taken by something of somebody else's."""


def container_hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that clears the container's name before it is created."""

    def clear(args: pulumi.ResourceHookArgs) -> None:
        wanted = _name(args)
        try:
            found = engine.client(settings.docker.host).containers.get(wanted)
        except NotFound:
            return
        _ours("container", wanted, found.labels, application)
        found.stop(timeout=application.grace_seconds)
        found.remove(force=True)

    return pulumi.ResourceHook(f"{name}-leftover-container", clear)


def network_hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that clears the network's name before it is created."""

    def clear(args: pulumi.ResourceHookArgs) -> None:
        wanted = _name(args)
        for found in engine.client(settings.docker.host).networks.list(names=[f"^{wanted}$"]):
            _ours("network", wanted, found.attrs.get("Labels") or {}, application)
            found.remove()

    return pulumi.ResourceHook(f"{name}-leftover-network", clear)


def _name(args: pulumi.ResourceHookArgs) -> str:
    inputs: Any = args.new_inputs or {}
    return str(inputs["name"])


def _ours(kind: str, name: str, labels: dict[str, str], application: Application) -> None:
    if labels.get(DEPLOYMENT) != application.name:
        raise NotOurs(
            f"The engine has a {kind} named {name} that this program did not make. "
            f"Rename or remove it: docker {kind} rm {name}"
        )
