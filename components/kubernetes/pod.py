"""The pod: hardened to the `restricted` profile, limited, probed, and ended in peace."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import core, meta

from components.application import USER_ID, Application
from components.kubernetes import probes
from components.kubernetes.labels import selector_of
from components.settings import Settings, VolumeName

LOG_MIB = 64
"""Room on the node's disk for the container's log: the kubelet keeps five files of 10 MiB, unless told otherwise."""


def spec(
    settings: Settings,
    application: Application,
    image: pulumi.Input[str],
    service_account: pulumi.Input[str],
    volumes: Mapping[VolumeName, pulumi.Input[str]],
    secret_env: pulumi.Input[str] | None,
    pull_secrets: list[pulumi.Input[str]],
) -> core.v1.PodSpecArgs:
    """The pod of `application`.

    Args:
        image: reference with a digest.
        service_account: account that it runs as.
        volumes: name of the claim, or for `config` of the ConfigMap, of each volume.
        secret_env: name of the Secret with `application.secret_env`, where there is one.
        pull_secrets: names of the Secrets with which the image is pulled.
    """
    return core.v1.PodSpecArgs(
        service_account_name=service_account,
        automount_service_account_token=False,
        enable_service_links=False,
        image_pull_secrets=[core.v1.LocalObjectReferenceArgs(name=name) for name in pull_secrets] or None,
        priority_class_name=settings.kubernetes.priority_class,
        termination_grace_period_seconds=application.grace_seconds,
        security_context=core.v1.PodSecurityContextArgs(
            run_as_non_root=True,
            run_as_user=USER_ID,
            run_as_group=USER_ID,
            fs_group=USER_ID,
            fs_group_change_policy="OnRootMismatch",
            seccomp_profile=core.v1.SeccompProfileArgs(type="RuntimeDefault"),
        ),
        topology_spread_constraints=[_spread(application, key) for key in ("topology.kubernetes.io/zone", HOST)],
        affinity=core.v1.AffinityArgs(pod_anti_affinity=_apart(application)),
        containers=[_container(settings, application, image, secret_env)],
        volumes=[*_volumes(application, volumes), _tmp(application)],
    )


HOST = "kubernetes.io/hostname"


def _container(
    settings: Settings, application: Application, image: pulumi.Input[str], secret_env: pulumi.Input[str] | None
) -> core.v1.ContainerArgs:
    pause = settings.shutdown.pre_stop_seconds
    return core.v1.ContainerArgs(
        name="mimir",
        image=image,
        # A digest cannot change, and a pod must be able to start again while the registry is away.
        image_pull_policy="IfNotPresent",
        args=list(application.arguments),
        working_dir=application.working_directory,
        env=_env(application, secret_env),
        ports=[core.v1.ContainerPortArgs(name="http", container_port=application.port, protocol="TCP")],
        resources=_resources(settings, application),
        security_context=core.v1.SecurityContextArgs(
            run_as_non_root=True,
            run_as_user=USER_ID,
            run_as_group=USER_ID,
            privileged=False,
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=core.v1.CapabilitiesArgs(drop=["ALL"]),
            seccomp_profile=core.v1.SeccompProfileArgs(type="RuntimeDefault"),
        ),
        startup_probe=probes.startup(application),
        readiness_probe=probes.readiness(application),
        liveness_probe=probes.liveness(application),
        # The kubelet's own sleep: while every node learns that the pod has left the Service, it goes on serving.
        lifecycle=core.v1.LifecycleArgs(
            pre_stop=core.v1.LifecycleHandlerArgs(sleep=core.v1.SleepActionArgs(seconds=pause))
        )
        if pause
        else None,
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
    # The kubelet reads `$(NAME)` as a variable and `$$` as one dollar; a value of the settings is neither.
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


def _resources(settings: Settings, application: Application) -> core.v1.ResourceRequirementsArgs:
    limits = application.limits
    disk = f"{LOG_MIB}Mi"
    return core.v1.ResourceRequirementsArgs(
        requests={
            "cpu": millicpus(settings.kubernetes.cpu_request),
            "memory": f"{settings.kubernetes.memory_request_mib}Mi",
            "ephemeral-storage": disk,
        },
        limits={"cpu": millicpus(limits.cpus), "memory": f"{limits.memory_mib}Mi", "ephemeral-storage": disk},
    )


def millicpus(cpus: float) -> str:
    """`cpus` the way the API server prints them, so that nothing looks changed: whole ones without a unit."""
    thousandths = round(cpus * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


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


def _tmp(application: Application) -> core.v1.VolumeArgs:
    """Scratch space in memory, as on the other platform: it counts against the memory limit."""
    size = f"{application.limits.tmp_mib}Mi"
    return core.v1.VolumeArgs(name="tmp", empty_dir=core.v1.EmptyDirVolumeSourceArgs(medium="Memory", size_limit=size))


def _spread(application: Application, topology: str) -> core.v1.TopologySpreadConstraintArgs:
    """Pods spread over zones and nodes, where there is more than one; never a reason not to run."""
    return core.v1.TopologySpreadConstraintArgs(
        max_skew=1,
        topology_key=topology,
        when_unsatisfiable="ScheduleAnyway",
        label_selector=meta.v1.LabelSelectorArgs(match_labels=selector_of(application)),
        # Only the pods of one version count, or an update would be spread by where the old ones are.
        match_label_keys=["pod-template-hash"],
    )


def _apart(application: Application) -> core.v1.PodAntiAffinityArgs:
    return core.v1.PodAntiAffinityArgs(
        preferred_during_scheduling_ignored_during_execution=[
            core.v1.WeightedPodAffinityTermArgs(
                weight=100,
                pod_affinity_term=core.v1.PodAffinityTermArgs(
                    topology_key=HOST,
                    label_selector=meta.v1.LabelSelectorArgs(match_labels=selector_of(application)),
                ),
            )
        ]
    )
