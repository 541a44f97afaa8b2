"""The application pod: container, volumes, environment variables, limits, probes and graceful shutdown."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import core

from components.application.application import Application
from components.kubernetes.scope import Scope
from components.kubernetes.workload import pod_defaults, probes
from components.settings import VolumeName


def spec(
    scope: Scope,
    image: pulumi.Input[str],
    service_account: pulumi.Input[str],
    volumes: Mapping[VolumeName, pulumi.Input[str]],
    secret_env: pulumi.Input[str] | None,
    pull_secrets: list[pulumi.Input[str]],
) -> core.v1.PodSpecArgs:
    """Build the pod spec of the application.

    Args:
        scope: the deployment.
        image: image reference with a digest.
        service_account: service account of the pod.
        volumes: name of the claim of each volume; for `config`, name of the ConfigMap.
        secret_env: name of the Secret with `application.secret_env`; None if there is none.
        pull_secrets: names of the image pull Secrets.

    Returns:
        The pod spec.
    """
    application = scope.application
    return pod_defaults.pod(
        scope,
        "application",
        service_account=service_account,
        pull_secrets=pull_secrets,
        grace_seconds=application.grace_seconds,
        container=_container(scope, image, secret_env),
        volumes=[*_volumes(application, volumes), pod_defaults.in_memory("tmp", application.limits.tmp_mib)],
    )


def _container(scope: Scope, image: pulumi.Input[str], secret_env: pulumi.Input[str] | None) -> core.v1.ContainerArgs:
    application = scope.application
    return core.v1.ContainerArgs(
        name="mimir",
        image=image,
        # A digest cannot change, and a pod must be able to restart while the registry is not reachable.
        image_pull_policy="IfNotPresent",
        args=list(application.arguments),
        working_dir=application.working_directory,
        env=_env(application, secret_env),
        ports=[core.v1.ContainerPortArgs(name="http", container_port=application.port, protocol="TCP")],
        resources=pod_defaults.resources(scope, application.limits.cpus, application.limits.memory_mib),
        security_context=pod_defaults.security(),
        startup_probe=probes.startup(application),
        readiness_probe=probes.readiness(application),
        liveness_probe=probes.liveness(application),
        lifecycle=pod_defaults.pause(scope),
        volume_mounts=[
            *(
                core.v1.VolumeMountArgs(name=volume.name, mount_path=path, read_only=volume.read_only)
                for volume in application.volumes
                for path in volume.paths
            ),
            core.v1.VolumeMountArgs(name="tmp", mount_path="/tmp"),
        ],
    )


def _env(application: Application, secret: pulumi.Input[str] | None) -> list[core.v1.EnvVarArgs]:
    # The kubelet expands `$(NAME)` and reads `$$` as one dollar sign. Settings are literal, so dollars are escaped.
    plain = [
        core.v1.EnvVarArgs(name=name, value=value.replace("$", "$$")) for name, value in sorted(application.env.items())
    ]
    hidden = [
        core.v1.EnvVarArgs(
            name=name,
            value_from=core.v1.EnvVarSourceArgs(secret_key_ref=core.v1.SecretKeySelectorArgs(name=secret, key=name)),
        )
        for name in sorted(application.secret_env)
    ]
    return [*plain, *hidden]


def _volumes(application: Application, names: Mapping[VolumeName, pulumi.Input[str]]) -> list[core.v1.VolumeArgs]:
    return [
        core.v1.VolumeArgs(
            name=volume.name,
            config_map=core.v1.ConfigMapVolumeSourceArgs(name=names[volume.name], default_mode=0o444),
        )
        if volume.read_only
        else core.v1.VolumeArgs(
            name=volume.name,
            persistent_volume_claim=core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=names[volume.name]),
        )
        for volume in application.volumes
    ]
