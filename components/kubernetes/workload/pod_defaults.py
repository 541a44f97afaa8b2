"""Defaults of every pod of a deployment: `restricted` profile, limits, spread over nodes, graceful shutdown."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes import core, meta

from components.application.application import USER_ID
from components.kubernetes.labels import Part, selector_of
from components.kubernetes.scope import Scope

LOG_REQUEST_MIB = 64
"""Room on the node's disk for the container's log: the kubelet keeps five files of 10 MiB, unless told otherwise."""

LOG_LIMIT_MIB = 2048
"""Room for the logs of a node that is told otherwise, such as five files of 100 MiB. The node's own rotation bounds the
log, not this: a pod that exceeds its limit is evicted."""

HOST = "kubernetes.io/hostname"


def pod(
    scope: Scope,
    part: Part,
    *,
    service_account: pulumi.Input[str],
    pull_secrets: Sequence[pulumi.Input[str]],
    grace_seconds: int,
    container: core.v1.ContainerArgs,
    volumes: Sequence[core.v1.VolumeArgs],
) -> core.v1.PodSpecArgs:
    """Build a pod spec with one container.

    Args:
        scope: the deployment.
        part: part that the pod belongs to.
        service_account: service account of the pod.
        pull_secrets: names of the image pull Secrets.
        grace_seconds: termination grace period in seconds.
        container: container, built with `security`, `resources` and `pause`.
        volumes: volumes that the container mounts.

    Returns:
        The pod spec.
    """
    return core.v1.PodSpecArgs(
        service_account_name=service_account,
        automount_service_account_token=False,
        enable_service_links=False,
        image_pull_secrets=[core.v1.LocalObjectReferenceArgs(name=name) for name in pull_secrets] or None,
        priority_class_name=scope.settings.kubernetes.priority_class,
        termination_grace_period_seconds=grace_seconds,
        security_context=core.v1.PodSecurityContextArgs(
            run_as_non_root=True,
            run_as_user=USER_ID,
            run_as_group=USER_ID,
            fs_group=USER_ID,
            fs_group_change_policy="OnRootMismatch",
            seccomp_profile=core.v1.SeccompProfileArgs(type="RuntimeDefault"),
        ),
        topology_spread_constraints=[_spread(scope, part, key) for key in ("topology.kubernetes.io/zone", HOST)],
        affinity=core.v1.AffinityArgs(pod_anti_affinity=_apart(scope, part)),
        containers=[container],
        volumes=list(volumes),
    )


def security() -> core.v1.SecurityContextArgs:
    """Build a container security context with the least privileges."""
    return core.v1.SecurityContextArgs(
        run_as_non_root=True,
        run_as_user=USER_ID,
        run_as_group=USER_ID,
        privileged=False,
        allow_privilege_escalation=False,
        read_only_root_filesystem=True,
        capabilities=core.v1.CapabilitiesArgs(drop=["ALL"]),
        seccomp_profile=core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def resources(scope: Scope, cpus: float, memory_mib: int) -> core.v1.ResourceRequirementsArgs:
    """Build resource requests and limits. A request is never larger than the limit.

    Args:
        scope: the deployment.
        cpus: CPU limit in cores.
        memory_mib: memory limit in MiB.

    Returns:
        Requests and limits of the container.
    """
    kubernetes = scope.settings.kubernetes
    return core.v1.ResourceRequirementsArgs(
        requests={
            "cpu": millicpus(min(kubernetes.cpu_request, cpus)),
            "memory": f"{min(kubernetes.memory_request_mib, memory_mib)}Mi",
            "ephemeral-storage": f"{LOG_REQUEST_MIB}Mi",
        },
        limits={
            "cpu": millicpus(cpus),
            "memory": f"{memory_mib}Mi",
            # As the API server prints it: 2048Mi would come back as 2Gi.
            "ephemeral-storage": f"{LOG_LIMIT_MIB // 1024}Gi",
        },
    )


def millicpus(cpus: float) -> str:
    """Format CPUs as the API server does, so that no diff appears: whole CPUs have no unit."""
    thousandths = round(cpus * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def pause(scope: Scope) -> core.v1.LifecycleArgs | None:
    """Build a preStop sleep: the pod keeps serving while all nodes remove it from the Service. None for 0 seconds."""
    seconds = scope.settings.shutdown.pre_stop_seconds
    if not seconds:  # which the API refuses
        return None
    return core.v1.LifecycleArgs(pre_stop=core.v1.LifecycleHandlerArgs(sleep=core.v1.SleepActionArgs(seconds=seconds)))


def in_memory(name: str, size_mib: int) -> core.v1.VolumeArgs:
    """Build a scratch volume in memory. Its contents count against the memory limit.

    Args:
        name: name of the volume.
        size_mib: size limit in MiB.

    Returns:
        The volume.
    """
    source = core.v1.EmptyDirVolumeSourceArgs(medium="Memory", size_limit=f"{size_mib}Mi")
    return core.v1.VolumeArgs(name=name, empty_dir=source)


def _spread(scope: Scope, part: Part, topology: str) -> core.v1.TopologySpreadConstraintArgs:
    """Build a constraint that spreads pods over zones or nodes, without blocking scheduling."""
    return core.v1.TopologySpreadConstraintArgs(
        max_skew=1,
        topology_key=topology,
        when_unsatisfiable="ScheduleAnyway",
        label_selector=meta.v1.LabelSelectorArgs(match_labels=selector_of(scope.application, part)),
        # Only the pods of one version count, or an update would be spread by where the old ones are.
        match_label_keys=["pod-template-hash"],
    )


def _apart(scope: Scope, part: Part) -> core.v1.PodAntiAffinityArgs:
    return core.v1.PodAntiAffinityArgs(
        preferred_during_scheduling_ignored_during_execution=[
            core.v1.WeightedPodAffinityTermArgs(
                weight=100,
                pod_affinity_term=core.v1.PodAffinityTermArgs(
                    topology_key=HOST,
                    label_selector=meta.v1.LabelSelectorArgs(match_labels=selector_of(scope.application, part)),
                ),
            )
        ]
    )
