"""The edge pod: HAProxy with its files in one read-only folder, and the same security defaults as the application."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes import core

from components.edge.edge_spec import METRICS_PORT, PLAIN_PORT, PROBES_PORT, EdgeSpec
from components.edge.haproxy import files
from components.kubernetes.scope import Scope
from components.kubernetes.workload import pod_defaults

METRICS = "metrics"
PROBES = "probes"
RUN = "/run/haproxy"
RUN_MIB = 1
"""Size of the volume, in MiB, with the socket that passes listening sockets on during a reload."""

FILES_MODE = 0o440
"""Readable by the owner and by the group of the pod."""

READY_SECONDS = 5
ALIVE_SECONDS = 10
ANSWER_SECONDS = 3
FAILURES = 3


def doors(edge: EdgeSpec) -> dict[str, tuple[int, int]]:
    """Return, by name of each serving port, the Service port and the container port."""
    ports = {edge.scheme: (edge.port, edge.listening_port)}
    if edge.settings.redirect_port is not None:
        ports["http"] = (edge.settings.redirect_port, PLAIN_PORT)
    return ports


def spec(
    scope: Scope,
    edge: EdgeSpec,
    *,
    service_account: pulumi.Input[str],
    pull_secrets: Sequence[pulumi.Input[str]],
    sources: Sequence[core.v1.VolumeProjectionArgs],
) -> core.v1.PodSpecArgs:
    """Build the pod spec of the edge.

    Args:
        scope: the deployment.
        edge: description of the edge.
        service_account: service account of the pod.
        pull_secrets: names of the image pull Secrets.
        sources: sources of the files volume.

    Returns:
        The pod spec.
    """
    folder = core.v1.ProjectedVolumeSourceArgs(default_mode=FILES_MODE, sources=list(sources))
    return pod_defaults.pod(
        scope,
        "edge",
        service_account=service_account,
        pull_secrets=pull_secrets,
        grace_seconds=scope.settings.shutdown.pre_stop_seconds + edge.grace_seconds,
        container=_container(scope, edge),
        volumes=[core.v1.VolumeArgs(name="files", projected=folder), pod_defaults.in_memory("run", RUN_MIB)],
    )


def _container(scope: Scope, edge: EdgeSpec) -> core.v1.ContainerArgs:
    ports = {**{name: inside for name, (_, inside) in doors(edge).items()}, METRICS: METRICS_PORT, PROBES: PROBES_PORT}
    return core.v1.ContainerArgs(
        name="edge",
        image=edge.settings.image,
        # A pod must be able to restart while the registry is not reachable.
        image_pull_policy="IfNotPresent",
        args=list(files.COMMAND),
        ports=[
            core.v1.ContainerPortArgs(name=name, container_port=port, protocol="TCP") for name, port in ports.items()
        ],
        resources=pod_defaults.resources(scope, edge.settings.cpus, edge.settings.memory_mib),
        security_context=pod_defaults.security(),
        # Started means that a replica was found. Before that the pod would answer 503 while other edge pods may serve.
        startup_probe=_probe("/started", 1, scope.settings.kubernetes.rollout_seconds),
        readiness_probe=_probe("/ready", READY_SECONDS, FAILURES),
        # Any response counts as alive. A failed replica is no reason to restart the edge.
        liveness_probe=_probe("/configuration", ALIVE_SECONDS, FAILURES),
        # After the preStop sleep comes the image's stop signal (SIGUSR1): HAProxy finishes open requests.
        lifecycle=pod_defaults.pause(scope),
        volume_mounts=[
            core.v1.VolumeMountArgs(name="files", mount_path=files.FOLDER, read_only=True),
            core.v1.VolumeMountArgs(name="run", mount_path=RUN),
        ],
    )


def _probe(path: str, interval: int, failures: int) -> core.v1.ProbeArgs:
    """Build a probe on the separate probe port, which clients and metrics scrapers cannot block."""
    return core.v1.ProbeArgs(
        http_get=core.v1.HTTPGetActionArgs(path=path, port=PROBES, scheme="HTTP"),
        period_seconds=interval,
        timeout_seconds=ANSWER_SECONDS,
        failure_threshold=failures,
        success_threshold=1,
    )
