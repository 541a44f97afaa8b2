"""The application's container: hardened, limited, probed, and waited for until it is healthy."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_docker

from components.application.application import Application
from components.application.probes import START_INTERVAL_SECONDS, Probe
from components.docker import container_defaults, networks
from components.docker.engine import orphans, ports
from components.docker.engine.engine import Engine
from components.docker.labels import labels_of
from components.docker.rollout import container_failure, smoke_test
from components.docker.volumes import present_hook
from components.settings import Settings, VolumeName


class Service(pulumi.ComponentResource):
    """One container of the application, its image pulled before the old one is touched.

    Behind an edge a new one is made, and healthy, beside the old one, which ends when the edge has switched. Without
    an edge, or where only one may write, the old one ends first.

    Attributes:
        container_id: the engine's id of the container, known once it is healthy.
        container_name: the engine's name of it.
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
        after: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("mimir:docker:Service", name, None, opts)
        limits = application.limits
        beside = is_replaced_beside(settings)
        container = pulumi_docker.Container(
            # Pulumi makes names from this one, where two must be able to exist at once.
            application.name if beside else name,
            name=None if beside else application.name,
            image=image,
            command=list(application.arguments),
            envs=_env(application),
            working_dir=application.working_directory,
            labels=labels_of(application, pulumi_docker.ContainerLabelArgs, "service"),
            # A name of the network can be given by `networks_advanced` only, and not beside `network_mode`.
            network_mode=None if alias else network,
            networks_advanced=[pulumi_docker.ContainerNetworksAdvancedArgs(name=network, aliases=[alias])]
            if alias
            else None,
            ports=[]
            if alias
            else [
                pulumi_docker.ContainerPortArgs(internal=port.inside, external=port.port, ip=port.address)
                for port in ports.published(settings)
            ],
            mounts=[*_mounts(application, volumes), *extra_mounts],
            tmpfs={"/tmp": f"rw,noexec,nosuid,nodev,size={limits.tmp_mib}m,mode=1777"},
            stop_signal="SIGTERM",
            **container_defaults.arguments(
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
                depends_on=after,
                delete_before_replace=not beside,
                replace_on_changes=[*container_defaults.REPLACED_FOR],
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{application.probe.deadline_seconds + 60}s", delete=f"{application.grace_seconds + 60}s"
                ),
                hooks=pulumi.ResourceHookBinding(
                    before_create=[
                        present_hook(name, settings, application),
                        smoke_test.hook(name, settings, application)
                        if beside
                        else orphans.container_hook(name, settings, application),
                        *([networks.edge_hook(name, settings, application)] if networks.has_internal(settings) else []),
                    ],
                    on_error=[container_failure.hook(name, settings, application)],
                ),
            ),
        )
        self.container_id = container.id
        self.container_name = container.name
        self.register_outputs({"container_id": self.container_id, "container_name": self.container_name})


def is_replaced_beside(settings: Settings) -> bool:
    """Whether a new container is made before the old one ends.

    Not without an edge, which holds the published port; not for a database file, which has one writer; and not in
    development mode, where two compilers would share their caches.
    """
    return settings.edge.kind == "haproxy" and not settings.environment.db_path and not settings.live_reload


def healthcheck(probe: Probe, engine: Engine) -> pulumi_docker.ContainerHealthcheckArgs:
    """The probe in the engine's terms."""
    return pulumi_docker.ContainerHealthcheckArgs(
        tests=["CMD", *probe.command],
        interval=go_duration(probe.interval_seconds),
        timeout=go_duration(probe.timeout_seconds),
        retries=probe.retries,
        start_period=go_duration(probe.start_period_seconds),
        start_interval=go_duration(START_INTERVAL_SECONDS) if engine.has_start_interval else None,
    )


def go_duration(seconds: int) -> str:
    """`seconds` the way Go prints a duration, which is how the provider reads it back: 90 is 1m30s."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"


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
