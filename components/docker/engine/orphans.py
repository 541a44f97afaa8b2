"""Orphans: containers and networks that an interrupted update left on the engine under names that the next one needs.

Pulumi records a resource when its creation has completed. If the process is killed before that, the container or
network is in no state. Neither holds data: the hooks remove it if it carries this deployment's label and is not in
use. Everything else is refused, because another checkout may have deployed it. Volumes are not touched; the engine
returns the existing one.

The hooks also free published ports. A stack that adds or removes its edge publishes the port from another container
than before, which Pulumi would delete only at the end of the update.
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
    """Raised when a name that the deployment needs is in use, or belongs to something else."""


def container_hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that frees the container's name and its published ports before the container is created.

    Args:
        name: logical name of the resource.
        settings: settings of the stack.
        application: the application of the deployment.
    """

    def remove_orphans(args: pulumi.ResourceHookArgs) -> None:
        container_name = _requested_name(args)
        containers = engine.client(settings.docker.host).containers
        try:
            orphan = containers.get(container_name)
        except NotFound:
            pass
        else:
            _require_own("container", container_name, orphan.labels, application)
            _require_unused([container_name] if orphan.status in ("running", "restarting", "paused") else [])
            orphan.remove()
        if host_ports := _requested_ports(args):
            for container in containers.list(filters={"label": f"{DEPLOYMENT}={application.name}"}):
                if host_ports & _published_ports(container):
                    container.stop(timeout=application.grace_seconds)
                    container.remove(force=True)

    # The name is recorded in users' states, so it stays.
    return pulumi.ResourceHook(f"{name}-leftover-container", remove_orphans)


def network_hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that frees the network's name before the network is created.

    Args:
        name: logical name of the resource.
        settings: settings of the stack.
        application: the application of the deployment.
    """

    def remove_orphans(args: pulumi.ResourceHookArgs) -> None:
        network_name = _requested_name(args)
        for orphan in engine.client(settings.docker.host).networks.list(names=[f"^{network_name}$"]):
            orphan.reload()  # the list does not contain the connected containers
            _require_own("network", network_name, orphan.attrs.get("Labels") or {}, application)
            _require_unused([str(container.name) for container in orphan.containers])
            orphan.remove()

    return pulumi.ResourceHook(f"{name}-leftover-network", remove_orphans)


def _requested_name(args: pulumi.ResourceHookArgs) -> str:
    inputs: Any = args.new_inputs or {}
    return str(inputs["name"])


def _requested_ports(args: pulumi.ResourceHookArgs) -> set[int]:
    inputs: Any = args.new_inputs or {}
    return {int(port["external"]) for port in inputs.get("ports") or []}


def _published_ports(container: Container) -> set[int]:
    port_bindings = container.attrs["HostConfig"].get("PortBindings") or {}
    return {int(binding["HostPort"]) for bindings in port_bindings.values() for binding in bindings}


def _require_unused(container_names: list[str]) -> None:
    if container_names:
        names = " ".join(container_names)
        raise NameConflict(
            f"{names} runs on this engine, but this stack's state does not know it: another checkout deployed it, or "
            f"an update was interrupted. If it is not needed: docker rm -f {names}"
        )


def _require_own(kind: str, name: str, labels: dict[str, str], application: Application) -> None:
    if labels.get(DEPLOYMENT) != application.name:
        raise NameConflict(
            f"The engine has a {kind} named {name} that this program did not make. "
            f"Rename or remove it: docker {kind} rm {name}"
        )
