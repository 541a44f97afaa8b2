"""The deployment on a Docker engine: networks, volumes, configuration, container, edge and verification."""

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
from components.docker.labels import STANDBY, deployment_labels
from components.docker.rollout import registry_copy
from components.docker.rollout.update_step import on_update
from components.docker.rollout.verification import verify_deployment
from components.docker.unused_config import clean_up
from components.docker.volumes import DataVolumes
from components.edge import edge_spec as edges
from components.settings import Settings, VolumeName


class DockerDeployment(pulumi.ComponentResource):
    """All resources of one stack on one engine.

    Attributes:
        outputs: the stack outputs, by name.
    """

    outputs: Mapping[str, pulumi.Input[Any]]

    def __init__(
        self,
        name: str,
        settings: Settings,
        application: Application,
        capabilities: Engine,
        image: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create the resources.

        Args:
            name: logical name of the resource.
            settings: settings of the stack.
            application: the application to deploy.
            capabilities: capabilities of the engine.
            image: reference of the application's image.
            opts: resource options.
        """
        super().__init__("mimir:docker:DockerDeployment", name, None, opts)
        if settings.live_reload:
            application = live_reload.adapt(application)
        edge = edges.describe(settings, application) if settings.edge.kind == "haproxy" else None
        provider = engine.provider(settings, pulumi.ResourceOptions(parent=self))
        child = pulumi.ResourceOptions(parent=self, provider=provider)

        app_image = _pull_image(f"{name}-image", image, child)
        # Pulled before the application changes: an update that cannot pull the edge's image must not end half-way.
        edge_image = _pull_image(f"{name}-edge-image", edge.settings.image, child) if edge else None
        network = _create_network(f"{name}-network", settings, application, application.name, child)
        internal_network = (
            _create_network(
                f"{name}-internal", settings, application, networks.internal_network_name(application), child
            )
            if edge
            else None
        )
        data_volumes = DataVolumes(f"{name}-volumes", application, child)
        config = ConfigVolume(f"{name}-config", settings, application, app_image.name, child)
        volume_names: dict[VolumeName, pulumi.Output[str]] = {**data_volumes.names, "config": config.volume_name}
        is_isolated = internal_network and networks.is_isolated(settings)
        service = Service(
            name,
            settings,
            application,
            capabilities,
            image=app_image.name,
            network=internal_network.name if internal_network and is_isolated else network.name,
            volumes=volume_names,
            extra_mounts=live_reload.mounts(settings, application, child) if settings.live_reload else [],
            alias=STANDBY if edge else None,
            depends_on=[edge_image] if edge_image else [],
            opts=child,
        )
        # Known once the container is healthy and its configuration is verified.
        container_id = on_update(
            lambda container_id, container_name: verify_deployment(settings, application, container_id, container_name),
            service.container_id,
            service.container_name,
        )
        verified_name = pulumi.Output.all(service.container_name, container_id).apply(lambda values: str(values[0]))
        ready = verified_name
        if edge and edge_image and internal_network:
            ready = DockerEdge(
                f"{name}-edge",
                settings,
                edge,
                capabilities,
                edge_image,
                app_image.name,
                network.name,
                internal_network,
                verified_name,
                container_id,
                child,
            ).container_id
        ready = _clean_up(settings, application, ready, config.volume_name, app_image.name)
        self.outputs = outputs.stack_outputs(settings, application, edge, service.container_name, ready, volume_names)
        self.register_outputs({"container_id": container_id, "volume_names": volume_names})


def _clean_up(
    settings: Settings,
    application: Application,
    ready: pulumi.Output[str],
    config_volume: pulumi.Output[str],
    image: pulumi.Output[str],
) -> pulumi.Output[str]:
    """Remove configurations and images of earlier deployments once the new one is `ready`; return `ready`."""

    def clean_up_images(ready: str, reference: str) -> str:
        ready = registry_copy.warn_if_missing(settings, ready, reference)
        return kept_images.clean_up(settings, application, ready, reference)

    ready = on_update(lambda ready, volume: clean_up(settings, application, ready, volume), ready, config_volume)
    return on_update(clean_up_images, ready, image)


def _create_network(
    resource_name: str, settings: Settings, application: Application, name: str, opts: pulumi.ResourceOptions
) -> pulumi_docker.Network:
    """A network of the deployment.

    Args:
        resource_name: logical name of the resource.
        settings: settings of the stack.
        application: the application to deploy.
        name: the engine's name of the network.
        opts: resource options.
    """
    hook = orphans.network_hook(resource_name, settings, application)
    return pulumi_docker.Network(
        resource_name,
        name=name,
        driver="bridge",
        # None, not False, where it is not internal: an existing network must not change.
        internal=True if name == networks.internal_network_name(application) else None,
        labels=deployment_labels(application, pulumi_docker.NetworkLabelArgs),
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[hook]))
        ),
    )


def _pull_image(name: str, image: pulumi.Input[str], opts: pulumi.ResourceOptions) -> pulumi_docker.RemoteImage:
    """An image on the engine. Pulumi never removes it, because another stack may use it. `make destroy` removes the
    application's image if no other stack does.
    """
    return pulumi_docker.RemoteImage(name, name=image, keep_locally=True, opts=opts)
