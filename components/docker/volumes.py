"""The plan's named volumes on an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_docker
from docker.errors import NotFound

from components.application.application import Application
from components.docker.engine import engine
from components.docker.labels import DEPLOYMENT, labels_of
from components.settings import Settings, VolumeName


class VolumeLost(Exception):
    """Raised when a volume that the stack has in its state is not on the engine."""


def lost(deployment: str, names: Sequence[str]) -> str:
    """What to tell a user of volumes that are gone: how to restore them, and how to go on without their data.

    Args:
        deployment: name of the deployment, `mimir-<stack>`.
        names: the engine's names of the volumes.
    """
    stack = deployment.removeprefix("mimir-")
    restored = "\n".join(f"    docker volume create --label {DEPLOYMENT}={deployment} {name}" for name in names)
    return (
        f"The engine does not have {', '.join(names)} any more: the data of stack {stack} is lost, unless there is a "
        "backup.\n"
        "  To restore it, make each volume, copy the files of the backup into it (docker cp, through a container that "
        f"mounts it), and then make up STACK={stack}:\n"
        f"{restored}\n"
        f"  To go on without the data: make refresh STACK={stack} EMPTY='{' '.join(names)}'"
    )


def present_hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that refuses to create a container whose volumes are gone: the engine would make empty ones in silence.

    Pulumi has made each of them before, so one that is not there was removed behind its back.

    Args:
        name: of the resource.
        settings: the stack's.
        application: what runs.
    """

    def check(args: pulumi.ResourceHookArgs) -> None:
        inputs: Any = args.new_inputs or {}
        volumes = engine.client(settings.docker.host).volumes
        gone = []
        for mount in inputs.get("mounts") or []:
            if mount["type"] == "volume" and mount["source"] not in gone:
                try:
                    volumes.get(mount["source"])
                except NotFound:
                    gone.append(str(mount["source"]))
        data = {f"{application.name}-{volume.name}" for volume in application.volumes if not volume.read_only}
        if lost_data := sorted(data.intersection(gone)):
            raise VolumeLost(lost(application.name, lost_data))
        if gone:
            raise VolumeLost(
                f"{', '.join(gone)} was removed behind Pulumi's back. This makes it anew: make refresh   # or: pulumi "
                "up --refresh"
            )

    return pulumi.ResourceHook(f"{name}-volumes", check)


class DataVolumes(pulumi.ComponentResource):
    """One engine volume for each volume that the process may write.

    A protected one is refused by `pulumi destroy`, and its data stays on the engine even when the stack forgets it.

    Attributes:
        names: engine's names of the volumes.
    """

    names: Mapping[VolumeName, pulumi.Output[str]]

    def __init__(self, name: str, application: Application, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mimir:docker:DataVolumes", name, None, opts)
        self.names = {
            volume.name: pulumi_docker.Volume(
                f"{name}-{volume.name}",
                name=f"{application.name}-{volume.name}",
                labels=labels_of(application, pulumi_docker.VolumeLabelArgs),
                opts=pulumi.ResourceOptions(parent=self, protect=volume.protected, retain_on_delete=volume.protected),
            ).name
            for volume in application.volumes
            if not volume.read_only
        }
        self.register_outputs({"names": self.names})
