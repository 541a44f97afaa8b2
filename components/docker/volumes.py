"""The plan's named volumes on an engine."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_docker

from components.application import Application
from components.docker.labels import labels_of
from components.settings import VolumeName


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
