"""The application's container: hardened, limited, probed, and waited for until it is healthy."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_docker

from components.application import USER_ID, Application
from components.docker import failure, leftovers
from components.docker.engine import Engine
from components.docker.labels import labels_of
from components.probes import START_INTERVAL_SECONDS, Probe
from components.settings import Settings, VolumeName

CPU_PERIOD_MICROSECONDS = 100_000
"""Time over which the kernel counts CPU use; its own default."""


class Service(pulumi.ComponentResource):
    """One container of the application, its image pulled before the old one is touched.

    Attributes:
        container_id: the engine's id of the container, known once it is healthy.
    """

    container_id: pulumi.Output[str]

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
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("mimir:docker:Service", name, None, opts)
        limits = application.limits
        container = pulumi_docker.Container(
            name,
            name=application.name,
            image=image,
            command=list(application.arguments),
            envs=_env(application),
            working_dir=application.working_directory,
            user=f"{USER_ID}:{USER_ID}",
            labels=labels_of(application, pulumi_docker.ContainerLabelArgs),
            network_mode=network,
            ports=[
                pulumi_docker.ContainerPortArgs(
                    internal=application.port, external=application.port, ip=settings.docker.bind_address
                )
            ],
            mounts=[*_mounts(application, volumes), *extra_mounts],
            tmpfs={"/tmp": f"rw,noexec,nosuid,nodev,size={limits.tmp_mib}m,mode=1777"},
            read_only=True,
            capabilities=pulumi_docker.ContainerCapabilitiesArgs(drops=["ALL"]),
            security_opts=["no-new-privileges:true"],
            # Not `cpus`: the provider reads 10 back as "10." and 10.05 as "10.1", and would change it for ever.
            cpu_period=CPU_PERIOD_MICROSECONDS,
            cpu_quota=round(limits.cpus * CPU_PERIOD_MICROSECONDS),
            memory=limits.memory_mib,
            memory_swap=limits.memory_mib if engine.swap_limit else None,
            restart=settings.docker.restart,
            stop_signal="SIGTERM",
            stop_timeout=application.grace_seconds,
            # The provider stops with this value and not with `stop_timeout`; its default, 0, kills at once.
            destroy_grace_seconds=application.grace_seconds,
            log_driver="json-file",
            log_opts={
                "max-size": f"{settings.logging.max_size_mib}m",
                "max-file": str(settings.logging.max_files),
            },
            healthcheck=healthcheck(application.probe, engine),
            wait=True,
            wait_timeout=application.probe.deadline_seconds,
            opts=pulumi.ResourceOptions(
                parent=self,
                delete_before_replace=True,  # name and published port are taken until the old one is gone
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{application.probe.deadline_seconds + 60}s", delete=f"{application.grace_seconds + 60}s"
                ),
                hooks=pulumi.ResourceHookBinding(
                    before_create=[leftovers.container_hook(name, settings, application)],
                    on_error=[failure.hook(name, settings, application)],
                ),
            ),
        )
        self.container_id = container.id
        self.register_outputs({"container_id": self.container_id})


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
