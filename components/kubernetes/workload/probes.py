"""The health probe of the application as startup, readiness and liveness probe.

No probe sets `host`: the kubelet connects to the pod address, independent of the network of the node.
"""

from __future__ import annotations

from pulumi_kubernetes import core

from components.application.application import Application
from components.application.probes import READINESS_INTERVAL_SECONDS, START_INTERVAL_SECONDS


def startup(application: Application) -> core.v1.ProbeArgs:
    """Build the startup probe: the process has loaded the mounted configuration.

    The application ignores an invalid configuration file without an error. A pod therefore counts as started once the
    process reports the digest of the file. Before that no other probe runs and no request is routed to the pod.
    """
    probe = application.probe
    return core.v1.ProbeArgs(
        exec_=core.v1.ExecActionArgs(command=list(application.config_probe)),
        period_seconds=START_INTERVAL_SECONDS,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.deadline_seconds // START_INTERVAL_SECONDS,
        success_threshold=1,
    )


def readiness(application: Application) -> core.v1.ProbeArgs:
    """Build the readiness probe: a request over the network, as a client sends it."""
    probe = application.probe
    return core.v1.ProbeArgs(
        http_get=core.v1.HTTPGetActionArgs(path=probe.path, port="http", scheme="HTTP"),
        period_seconds=min(probe.interval_seconds, READINESS_INTERVAL_SECONDS),
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.retries,
        success_threshold=1,
    )


def liveness(application: Application) -> core.v1.ProbeArgs:
    """Build the liveness probe: a command in the container, so that network failures restart no healthy process."""
    probe = application.probe
    return core.v1.ProbeArgs(
        exec_=core.v1.ExecActionArgs(command=list(probe.command)),
        period_seconds=probe.interval_seconds,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.retries,
        success_threshold=1,
    )
