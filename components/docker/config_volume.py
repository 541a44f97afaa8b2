"""The configuration file on an engine: a volume that is filled once and mounted read-only.

An engine cannot upload into a container whose root is read-only, and a bind mount would need the file on the engine's
host, which may be another machine. So a container that never starts carries the file into a volume. The volume is
named after the file's digest: a new configuration is a new volume and a new service container, as an immutable
ConfigMap is on Kubernetes, and the running one never sees its file change.

Pulumi never deletes such a volume. After an update that failed, and the settings before it again, the volume that it
would still delete has the name of the one that it has just made anew: it would delete what serves, or fail for ever.
What no container uses is removed at the end of an update, and by `make destroy` (unused_config.py).
"""

from __future__ import annotations

import pulumi
import pulumi_docker

from components.application.application import Application
from components.docker import unused_config
from components.docker.engine import orphans
from components.docker.labels import labels_of
from components.settings import Settings


class ConfigVolume(pulumi.ComponentResource):
    """The `config` volume of the plan, with the rendered file in it.

    Attributes:
        volume_name: engine's name of the volume, known once it is filled.
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
        super().__init__("mimir:docker:ConfigVolume", name, None, opts)
        config = application.config
        volume_definition = next(volume for volume in application.volumes if volume.name == "config")
        target = volume_definition.paths[0]
        unique = unused_config.volume_name(application.name, config.digest)
        volume = pulumi_docker.Volume(
            name,
            name=unique,
            labels=labels_of(application, pulumi_docker.VolumeLabelArgs),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=volume_definition.protected,
                retain_on_delete=True,
                # The provider would, for a name that is given; and with it Pulumi deletes the service, which uses it.
                delete_before_replace=False,
            ),
        )
        carrier = pulumi_docker.Container(
            f"{name}-carrier",
            name=unique,
            image=image,
            start=False,
            must_run=False,
            network_mode="none",
            labels=labels_of(application, pulumi_docker.ContainerLabelArgs),
            mounts=[pulumi_docker.ContainerMountArgs(type="volume", source=volume.name, target=target)],
            uploads=[
                pulumi_docker.ContainerUploadArgs(file=f"{target}/{file}", content=config.content, permissions="0444")
                for file in config.names
            ],
            opts=pulumi.ResourceOptions(
                parent=self,
                # Its name is free all the same: the hook removes the old one, which never ran.
                delete_before_replace=False,
                hooks=pulumi.ResourceHookBinding(
                    before_create=[orphans.container_hook(f"{name}-carrier", settings, application)]
                ),
            ),
        )
        # The service must not start before the file is there, so the name waits for the carrier.
        self.volume_name = pulumi.Output.all(volume.name, carrier.id).apply(lambda made: str(made[0]))
        self.register_outputs({"volume_name": self.volume_name})
