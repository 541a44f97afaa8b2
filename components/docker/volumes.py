"""The data volumes of a deployment on an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_docker
from docker.errors import NotFound

from components.application.application import Application
from components.docker.engine import engine
from components.docker.labels import DEPLOYMENT, deployment_labels
from components.settings import Settings, VolumeName


class VolumeLost(Exception):
    """Raised when a volume of the stack's state is not on the engine."""


def lost_volumes_message(deployment: str, names: Sequence[str]) -> str:
    """The error text for volumes that are gone: how to restore them, and how to continue without their data.

    Args:
        deployment: name of the deployment, `mimir-<stack>`.
        names: the engine's names of the volumes.
    """
    stack = deployment.removeprefix("mimir-")
    create_commands = "\n".join(f"    docker volume create --label {DEPLOYMENT}={deployment} {name}" for name in names)
    return (
        f"The engine does not have {', '.join(names)} any more: the data of stack {stack} is lost, unless there is a "
        "backup.\n"
        "  To restore it, create each volume, copy the files of the backup into it (docker cp, through a container "
        f"that mounts it), and then make up STACK={stack}:\n"
        f"{create_commands}\n"
        f"  To go on without the data: make refresh STACK={stack} EMPTY='{' '.join(names)}'"
    )


def volumes_exist_hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that refuses to create a container if its volumes are missing.

    The engine would silently create empty ones. Pulumi has created each of them before, so a missing volume was removed
    outside of Pulumi.

    Args:
        name: logical name of the resource.
        settings: settings of the stack.
        application: the application of the deployment.
    """

    def require_volumes(args: pulumi.ResourceHookArgs) -> None:
        inputs: Any = args.new_inputs or {}
        mounts = [mount for mount in inputs.get("mounts") or [] if mount["type"] == "volume"]
        volume_names = dict.fromkeys(str(mount["source"]) for mount in mounts)  # in order, each once
        missing = [volume for volume in volume_names if not _exists(settings, volume)]
        data_volumes = {f"{application.name}-{volume.name}" for volume in application.volumes if not volume.read_only}
        if lost := sorted(data_volumes.intersection(missing)):
            raise VolumeLost(lost_volumes_message(application.name, lost))
        if missing:
            raise VolumeLost(
                f"{', '.join(missing)} was removed behind Pulumi's back. To recreate it: make refresh   # or: pulumi "
                "up --refresh"
            )

    return pulumi.ResourceHook(f"{name}-volumes", require_volumes)


def _exists(settings: Settings, volume: str) -> bool:
    try:
        engine.client(settings.docker.host).volumes.get(volume)
    except NotFound:
        return False
    return True


class DataVolumes(pulumi.ComponentResource):
    """One engine volume for each writable volume of the application.

    `pulumi destroy` refuses to delete a protected one, and its data stays on the engine even if it is removed from the
    state.

    Attributes:
        names: the engine's names of the volumes.
    """

    names: Mapping[VolumeName, pulumi.Output[str]]

    def __init__(self, name: str, application: Application, opts: pulumi.ResourceOptions | None = None) -> None:
        """Create the volumes.

        Args:
            name: logical name of the resource.
            application: the application to deploy.
            opts: resource options.
        """
        super().__init__("mimir:docker:DataVolumes", name, None, opts)
        self.names = {
            volume.name: pulumi_docker.Volume(
                f"{name}-{volume.name}",
                name=f"{application.name}-{volume.name}",
                labels=deployment_labels(application, pulumi_docker.VolumeLabelArgs),
                opts=pulumi.ResourceOptions(parent=self, protect=volume.protected, retain_on_delete=volume.protected),
            ).name
            for volume in application.volumes
            if not volume.read_only
        }
        self.register_outputs({"names": self.names})
