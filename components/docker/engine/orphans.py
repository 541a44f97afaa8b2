"""What an update that was killed half-way left on the engine under the names that the next one needs.

Pulumi learns of a resource when its creation has ended, so a kill in between leaves a container or a network that no
state knows. Neither holds data: the hooks remove what carries this deployment's label and is not in use, and refuse
the rest, which may be another checkout's. Volumes are not touched; the engine hands out the existing one.

Besides, a stack that gets an edge, or gets rid of one, publishes its port from another container than before, which
Pulumi would delete at the end of the update only.
"""

from __future__ import annotations

from typing import Any

import pulumi
from docker.errors import NotFound
from docker.models.containers import Container

from components.application.application import Application
from components.docker.engine import engine
from components.docker.labels import DEPLOYMENT
from components.settings import Settings


class NameConflict(Exception):
    """Raised when a name that the deployment needs is taken by something in use, or of somebody else's."""


def container_hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that clears the container's name and its ports before it is created."""

    def clear(args: pulumi.ResourceHookArgs) -> None:
        wanted = _name(args)
        containers = engine.client(settings.docker.host).containers
        try:
            found = containers.get(wanted)
        except NotFound:
            pass
        else:
            _ours("container", wanted, found.labels, application)
            _idle([wanted] if found.status in ("running", "restarting", "paused") else [])
            found.remove()
        if ports := _ports(args):
            for other in containers.list(filters={"label": f"{DEPLOYMENT}={application.name}"}):
                if ports & _published(other):
                    other.stop(timeout=application.grace_seconds)
                    other.remove(force=True)

    return pulumi.ResourceHook(f"{name}-leftover-container", clear)


def network_hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that clears the network's name before it is created."""

    def clear(args: pulumi.ResourceHookArgs) -> None:
        wanted = _name(args)
        for found in engine.client(settings.docker.host).networks.list(names=[f"^{wanted}$"]):
            found.reload()
            _ours("network", wanted, found.attrs.get("Labels") or {}, application)
            _idle([str(container.name) for container in found.containers])
            found.remove()

    return pulumi.ResourceHook(f"{name}-leftover-network", clear)


def _name(args: pulumi.ResourceHookArgs) -> str:
    inputs: Any = args.new_inputs or {}
    return str(inputs["name"])


def _ports(args: pulumi.ResourceHookArgs) -> set[int]:
    inputs: Any = args.new_inputs or {}
    return {int(port["external"]) for port in inputs.get("ports") or []}


def _published(container: Container) -> set[int]:
    bindings = container.attrs["HostConfig"].get("PortBindings") or {}
    return {int(one["HostPort"]) for bound in bindings.values() for one in bound}


def _idle(running: list[str]) -> None:
    if running:
        names = " ".join(running)
        raise NameConflict(
            f"{names} runs on this engine, but this stack's state does not know it: another checkout deployed it, or "
            f"an update was killed. If nobody needs it: docker rm -f {names}"
        )


def _ours(kind: str, name: str, labels: dict[str, str], application: Application) -> None:
    if labels.get(DEPLOYMENT) != application.name:
        raise NameConflict(
            f"The engine has a {kind} named {name} that this program did not make. "
            f"Rename or remove it: docker {kind} rm {name}"
        )
