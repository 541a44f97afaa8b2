"""The edge's pod: HAProxy, with its files in one read-only folder, hardened like the application's."""

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
"""For the socket by which a reload takes the listening sockets over."""

FILES_MODE = 0o440
"""For the pod's group alone."""

READY_SECONDS = 5
ALIVE_SECONDS = 10
ANSWER_SECONDS = 3
FAILURES = 3


def doors(edge: EdgeSpec) -> dict[str, tuple[int, int]]:
    """By the name of each port that serves: the one on which it is reached, and the one inside the container."""
    found = {edge.scheme: (edge.port, edge.listening_port)}
    if edge.settings.redirect_port is not None:
        found["http"] = (edge.settings.redirect_port, PLAIN_PORT)
    return found


def spec(
    scope: Scope,
    edge: EdgeSpec,
    *,
    service_account: pulumi.Input[str],
    pull_secrets: Sequence[pulumi.Input[str]],
    sources: Sequence[core.v1.VolumeProjectionArgs],
) -> core.v1.PodSpecArgs:
    """The pod of `edge`.

    Args:
        scope: whose it is.
        edge: what it does.
        service_account: account that it runs as.
        pull_secrets: names of the Secrets with which the image is pulled.
        sources: what its folder of files is made of.
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
        # A pod must be able to start again while the registry is away.
        image_pull_policy="IfNotPresent",
        args=list(files.COMMAND),
        ports=[
            core.v1.ContainerPortArgs(name=name, container_port=port, protocol="TCP") for name, port in ports.items()
        ],
        resources=pod_defaults.resources(scope, edge.settings.cpus, edge.settings.memory_mib),
        security_context=pod_defaults.security(),
        # Has it found a replica? Until then it would answer 503, though other pods of the edge may serve.
        startup_probe=_probe("/started", 1, scope.settings.kubernetes.rollout_seconds),
        readiness_probe=_probe("/ready", READY_SECONDS, FAILURES),
        # Any answer will do, and trouble with a replica is no reason to end.
        liveness_probe=_probe("/configuration", ALIVE_SECONDS, FAILURES),
        # After the pause the image's own signal, with which HAProxy finishes what is under way (SIGUSR1).
        lifecycle=pod_defaults.pause(scope),
        volume_mounts=[
            core.v1.VolumeMountArgs(name="files", mount_path=files.FOLDER, read_only=True),
            core.v1.VolumeMountArgs(name="run", mount_path=RUN),
        ],
    )


def _probe(path: str, interval: int, failures: int) -> core.v1.ProbeArgs:
    """A question to the port on which neither a client nor a reader of metrics can be in the way."""
    return core.v1.ProbeArgs(
        http_get=core.v1.HTTPGetActionArgs(path=path, port=PROBES, scheme="HTTP"),
        period_seconds=interval,
        timeout_seconds=ANSWER_SECONDS,
        failure_threshold=failures,
        success_threshold=1,
    )
