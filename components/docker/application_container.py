"""The application's container: hardened, with resource limits and a health check."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_docker

from components.application.application import Application
from components.application.probes import START_INTERVAL_SECONDS, Probe
from components.docker import container_defaults, networks
from components.docker.engine import orphans, ports
from components.docker.engine.engine import Engine
from components.docker.labels import deployment_labels
from components.docker.rollout import container_failure, smoke_test
from components.docker.volumes import volumes_exist_hook
from components.settings import Settings, VolumeName

TIMEOUT_MARGIN_SECONDS = 60
"""Time that Pulumi waits longer than the engine needs at most."""


class Service(pulumi.ComponentResource):
    """One container of the application. Its image is pulled before the old container changes.

    With an edge, the new container starts and becomes healthy beside the old one, which is removed after the cutover.
    Without an edge, or if only one process may write, the old one is removed first.

    Attributes:
        container_id: the engine's id of the container, known once it is healthy.
        container_name: the engine's name of the container.
    """

    container_id: pulumi.Output[str]
    container_name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Settings,
        application: Application,
        engine: Engine,
        image: pulumi.Input[str],
        network: pulumi.Input[str],
        volumes: Mapping[VolumeName, pulumi.Input[str]],
        extra_mounts: list[pulumi_docker.ContainerMountArgs],
        alias: str | None,
        depends_on: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create the container.

        Args:
            name: logical name of the resource.
            settings: settings of the stack.
            application: the application to deploy.
            engine: capabilities of the engine.
            image: reference of the image.
            network: name of the network.
            volumes: the engine's names of the volumes.
            extra_mounts: mounts besides those of the volumes.
            alias: network alias. With one, the container publishes no ports.
            depends_on: resources that must exist before the container.
            opts: resource options.
        """
        super().__init__("mimir:docker:Service", name, None, opts)
        limits = application.limits
        blue_green = is_blue_green(settings)
        container = pulumi_docker.Container(
            # Pulumi derives unique names from this one if two containers must be able to exist at once.
            application.name if blue_green else name,
            name=None if blue_green else application.name,
            image=image,
            command=list(application.arguments),
            envs=_env(application),
            working_dir=application.working_directory,
            labels=deployment_labels(application, pulumi_docker.ContainerLabelArgs, "service"),
            # Only `networks_advanced` supports aliases, and it cannot be combined with `network_mode`.
            network_mode=None if alias else network,
            networks_advanced=[pulumi_docker.ContainerNetworksAdvancedArgs(name=network, aliases=[alias])]
            if alias
            else None,
            ports=[] if alias else port_arguments(settings),
            mounts=[*_mounts(application, volumes), *extra_mounts],
            tmpfs={"/tmp": f"rw,noexec,nosuid,nodev,size={limits.tmp_mib}m,mode=1777"},
            stop_signal="SIGTERM",
            **container_defaults.container_arguments(
                settings,
                engine,
                cpus=limits.cpus,
                memory_mib=limits.memory_mib,
                grace_seconds=application.grace_seconds,
            ),
            healthcheck=healthcheck(application.probe, engine),
            wait=True,
            wait_timeout=application.probe.deadline_seconds,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=depends_on,
                delete_before_replace=not blue_green,
                replace_on_changes=[*container_defaults.REPLACE_ON_CHANGES],
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{application.probe.deadline_seconds + TIMEOUT_MARGIN_SECONDS}s",
                    delete=f"{application.grace_seconds + TIMEOUT_MARGIN_SECONDS}s",
                ),
                hooks=_hooks(name, settings, application),
            ),
        )
        self.container_id = container.id
        self.container_name = container.name
        self.register_outputs({"container_id": self.container_id, "container_name": self.container_name})


def is_blue_green(settings: Settings) -> bool:
    """Whether a new container starts beside the old one.

    Not without an edge, because the old container holds the published port; not with a database file, which allows
    only one writer; and not in development mode, where two compilers would share their caches.
    """
    return settings.edge.kind == "haproxy" and not settings.environment.db_path and not settings.live_reload


def port_arguments(settings: Settings) -> list[pulumi_docker.ContainerPortArgs]:
    """The stack's published ports as arguments of the container that publishes them."""
    return [
        pulumi_docker.ContainerPortArgs(internal=port.container_port, external=port.host_port, ip=port.host_address)
        for port in ports.published_ports(settings)
    ]


def healthcheck(probe: Probe, engine: Engine) -> pulumi_docker.ContainerHealthcheckArgs:
    """The probe as a health check of the engine.

    Args:
        probe: the probe.
        engine: capabilities of the engine.
    """
    return pulumi_docker.ContainerHealthcheckArgs(
        tests=["CMD", *probe.command],
        interval=go_duration(probe.interval_seconds),
        timeout=go_duration(probe.timeout_seconds),
        retries=probe.retries,
        start_period=go_duration(probe.start_period_seconds),
        start_interval=go_duration(START_INTERVAL_SECONDS) if engine.has_start_interval else None,
    )


def go_duration(seconds: int) -> str:
    """`seconds` in the format in which Go prints a duration and the provider reads it back: 90 is 1m30s."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _hooks(name: str, settings: Settings, application: Application) -> pulumi.ResourceHookBinding:
    blue_green = is_blue_green(settings)
    before_create = [
        volumes_exist_hook(name, settings, application),
        smoke_test.hook(name, settings, application)
        if blue_green
        else orphans.container_hook(name, settings, application),
    ]
    if networks.has_internal_network(settings):
        before_create.append(networks.connect_edge_hook(name, settings, application))
    return pulumi.ResourceHookBinding(
        before_create=[*before_create], on_error=[container_failure.hook(name, settings, application)]
    )


def _env(application: Application) -> list[pulumi.Input[str]]:
    plain: list[pulumi.Input[str]] = [f"{name}={value}" for name, value in sorted(application.env.items())]
    secret = [
        pulumi.Output.secret(f"{name}={value.get_secret_value()}")
        for name, value in sorted(application.secret_env.items())
    ]
    return [*plain, *secret]


def _mounts(
    application: Application, volumes: Mapping[VolumeName, pulumi.Input[str]]
) -> list[pulumi_docker.ContainerMountArgs]:
    return [
        pulumi_docker.ContainerMountArgs(
            type="volume", source=volumes[volume.name], target=path, read_only=volume.read_only
        )
        for volume in application.volumes
        for path in volume.paths
    ]
