"""The application on a Docker engine: network, volumes, configuration, container, and the proof that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_docker

from components import edge as edges
from components.application import Application
from components.docker import engine, leftovers, live_reload, outputs
from components.docker.config_volume import ConfigVolume
from components.docker.edge import DockerEdge
from components.docker.engine import Engine
from components.docker.labels import STANDBY, labels_of
from components.docker.proof import prove
from components.docker.service import Service
from components.docker.unused_config import clean_up
from components.docker.volumes import DataVolumes
from components.settings import Settings, VolumeName


class DockerDeployment(pulumi.ComponentResource):
    """Everything of one stack on one engine.

    Attributes:
        outputs: what a person needs to know of it, by the names of the stack's outputs.
    """

    outputs: Mapping[str, pulumi.Input[Any]]

    def __init__(
        self,
        name: str,
        settings: Settings,
        application: Application,
        found: Engine,
        image: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("mimir:docker:DockerDeployment", name, None, opts)
        if settings.live_reload:
            application = live_reload.adapt(application)
        edge = edges.describe(settings, application) if settings.edge.kind == "haproxy" else None
        provider = engine.provider(settings, pulumi.ResourceOptions(parent=self))
        here = pulumi.ResourceOptions(parent=self, provider=provider)

        pulled = _pulled(f"{name}-image", image, here)
        # Before the application is touched: an update without the edge's image would end between the two.
        edge_image = _pulled(f"{name}-edge-image", edge.settings.image, here) if edge else None
        clear = leftovers.network_hook(name, settings, application)
        network = pulumi_docker.Network(
            f"{name}-network",
            name=application.name,
            driver="bridge",
            labels=labels_of(application, pulumi_docker.NetworkLabelArgs),
            opts=pulumi.ResourceOptions.merge(
                here, pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[clear]))
            ),
        )
        volumes = DataVolumes(f"{name}-volumes", application, here)
        config = ConfigVolume(f"{name}-config", settings, application, pulled.name, here)
        volume_names: dict[VolumeName, pulumi.Output[str]] = {**volumes.names, "config": config.volume_name}
        service = Service(
            name,
            settings,
            application,
            found,
            image=pulled.name,
            network=network.name,
            volumes=volume_names,
            extra_mounts=live_reload.mounts(settings, application, here) if settings.live_reload else [],
            alias=STANDBY if edge else None,
            after=[edge_image] if edge_image else [],
            opts=here,
        )
        # Known once it is healthy and its configuration proved.
        container_id = service.container_id.apply(
            lambda made: made if pulumi.runtime.is_dry_run() else prove(settings, application, made)
        )
        serving = pulumi.Output.all(service.container_name, container_id).apply(lambda known: str(known[0]))
        ready = serving
        if edge and edge_image:
            front = DockerEdge(
                f"{name}-edge", settings, edge, found, edge_image, pulled.name, network.name, serving, here
            )
            ready = front.container_id
        ready = pulumi.Output.all(ready, config.volume_name).apply(
            lambda known: known[0] if pulumi.runtime.is_dry_run() else clean_up(settings, application, *known)
        )
        self.outputs = outputs.of(settings, application, edge, service.container_name, ready, volume_names)
        self.register_outputs({"container_id": container_id, "volume_names": volume_names})


def _pulled(name: str, image: pulumi.Input[str], opts: pulumi.ResourceOptions) -> pulumi_docker.RemoteImage:
    """An image on the engine. It stays there, where another stack may run it (`make destroy` removes the application's
    when none does).
    """
    return pulumi_docker.RemoteImage(name, name=image, keep_locally=True, opts=opts)
