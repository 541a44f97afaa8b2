"""The application on a Docker engine: network, volumes, configuration, container, and the proof that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_docker

from components.application.application import Application
from components.docker import live_reload, networks, outputs
from components.docker.application_container import Service
from components.docker.config_volume import ConfigVolume
from components.docker.edge import DockerEdge
from components.docker.engine import engine, kept_images, orphans
from components.docker.engine.engine import Engine
from components.docker.labels import STANDBY, labels_of
from components.docker.rollout import registry_copy
from components.docker.rollout.verification import verify_deployment
from components.docker.unused_config import clean_up
from components.docker.volumes import DataVolumes
from components.edge import edge_spec as edges
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
        network = _network(f"{name}-network", settings, application, application.name, here)
        internal = (
            _network(f"{name}-internal", settings, application, networks.internal_name(application), here)
            if edge
            else None
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
            network=internal.name if internal and networks.is_isolated(settings) else network.name,
            volumes=volume_names,
            extra_mounts=live_reload.mounts(settings, application, here) if settings.live_reload else [],
            alias=STANDBY if edge else None,
            after=[edge_image] if edge_image else [],
            opts=here,
        )
        # Known once it is healthy and its configuration proved.
        container_id = pulumi.Output.all(service.container_id, service.container_name).apply(
            lambda known: (
                str(known[0])
                if pulumi.runtime.is_dry_run()
                else verify_deployment(settings, application, str(known[0]), str(known[1]))
            )
        )
        serving = pulumi.Output.all(service.container_name, container_id).apply(lambda known: str(known[0]))
        ready = serving
        if edge and edge_image and internal:
            front = DockerEdge(
                f"{name}-edge",
                settings,
                edge,
                found,
                edge_image,
                pulled.name,
                network.name,
                internal,
                serving,
                container_id,
                here,
            )
            ready = front.container_id
        ready = pulumi.Output.all(ready, config.volume_name).apply(
            lambda known: known[0] if pulumi.runtime.is_dry_run() else clean_up(settings, application, *known)
        )
        ready = pulumi.Output.all(ready, pulled.name).apply(
            lambda known: (
                str(known[0])
                if pulumi.runtime.is_dry_run()
                else kept_images.clean_up(
                    settings, application, registry_copy.check(settings, str(known[0]), str(known[1])), str(known[1])
                )
            )
        )
        self.outputs = outputs.stack_outputs(settings, application, edge, service.container_name, ready, volume_names)
        self.register_outputs({"container_id": container_id, "volume_names": volume_names})


def _network(
    resource: str, settings: Settings, application: Application, name: str, opts: pulumi.ResourceOptions
) -> pulumi_docker.Network:
    """A network of the deployment.

    Args:
        resource: Pulumi's name of it.
        settings: the stack's.
        application: what runs.
        name: the engine's name of it.
        opts: Pulumi's.
    """
    clear = orphans.network_hook(resource, settings, application)
    return pulumi_docker.Network(
        resource,
        name=name,
        driver="bridge",
        # Left out, not False, where it is not internal: an existing network must not change.
        internal=True if name == networks.internal_name(application) else None,
        labels=labels_of(application, pulumi_docker.NetworkLabelArgs),
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[clear]))
        ),
    )


def _pulled(name: str, image: pulumi.Input[str], opts: pulumi.ResourceOptions) -> pulumi_docker.RemoteImage:
    """An image on the engine. It stays there, where another stack may run it (`make destroy` removes the application's
    when none does).
    """
    return pulumi_docker.RemoteImage(name, name=image, keep_locally=True, opts=opts)
