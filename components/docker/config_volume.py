"""The configuration file on an engine: a volume that is filled once and mounted read-only.

An engine cannot upload a file into a container with a read-only root, and a bind mount would need the file on the
engine's host, which may be another machine. So a carrier, a container that is never started, copies the file into a
volume. The volume is named after the file's digest: a new configuration is a new volume and a new application
container, like an immutable ConfigMap in Kubernetes. The file of a running container never changes.

Pulumi never deletes such a volume. If an update fails and the previous settings are deployed again, the volume that is
still to be deleted has the same name as the new one: Pulumi would delete the volume in use, or fail every time.
Volumes that no container uses are removed at the end of an update, and by `make destroy` (unused_config.py).
"""

from __future__ import annotations

import pulumi
import pulumi_docker

from components.application.application import Application
from components.docker import unused_config
from components.docker.engine import orphans
from components.docker.labels import deployment_labels
from components.settings import Settings


class ConfigVolume(pulumi.ComponentResource):
    """The `config` volume of the application, with the rendered file in it.

    Attributes:
        volume_name: the engine's name of the volume, known once it is filled.
    """

    volume_name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Settings,
        application: Application,
        image: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create the volume and the carrier.

        Args:
            name: logical name of the resource.
            settings: settings of the stack.
            application: the application to deploy.
            image: reference of the image for the carrier.
            opts: resource options.
        """
        super().__init__("mimir:docker:ConfigVolume", name, None, opts)
        config = application.config
        volume_definition = next(volume for volume in application.volumes if volume.name == "config")
        folder = volume_definition.paths[0]
        engine_name = unused_config.volume_name(application.name, config.digest)
        volume = pulumi_docker.Volume(
            name,
            name=engine_name,
            labels=deployment_labels(application, pulumi_docker.VolumeLabelArgs),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=volume_definition.protected,
                retain_on_delete=True,
                # The provider's default for a fixed name is True. Pulumi would then delete the application as well,
                # which depends on the volume.
                delete_before_replace=False,
            ),
        )
        carrier = pulumi_docker.Container(
            f"{name}-carrier",
            name=engine_name,
            image=image,
            start=False,
            must_run=False,
            network_mode="none",
            labels=deployment_labels(application, pulumi_docker.ContainerLabelArgs),
            mounts=[pulumi_docker.ContainerMountArgs(type="volume", source=volume.name, target=folder)],
            uploads=[
                pulumi_docker.ContainerUploadArgs(
                    file=f"{folder}/{file_name}", content=config.content, permissions="0444"
                )
                for file_name in config.names
            ],
            opts=pulumi.ResourceOptions(
                parent=self,
                # The name is free nevertheless: the hook removes the old carrier, which never ran.
                delete_before_replace=False,
                hooks=pulumi.ResourceHookBinding(
                    before_create=[orphans.container_hook(f"{name}-carrier", settings, application)]
                ),
            ),
        )
        # The application must not start before the file is in the volume, so the name depends on the carrier.
        self.volume_name = pulumi.Output.all(volume.name, carrier.id).apply(lambda values: str(values[0]))
        self.register_outputs({"volume_name": self.volume_name})
