"""The health probe in a cluster's terms: one description, three questions.

None names a `host`: the kubelet asks the pod's own address, whatever the node's network looks like.
"""

from __future__ import annotations

from pulumi_kubernetes import core

from components.application.application import Application
from components.application.probes import READINESS_INTERVAL_SECONDS, START_INTERVAL_SECONDS


def startup(application: Application) -> core.v1.ProbeArgs:
    """Has it started, with the configuration that was mounted?

    The application drops a configuration file that it finds invalid without a word, so a pod counts as started once the
    process shows the file's digest. Until then no other probe is made and no request comes.
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
    """May it get requests? Asked over the network, as a client asks."""
    probe = application.probe
    return core.v1.ProbeArgs(
        http_get=core.v1.HTTPGetActionArgs(path=probe.path, port="http", scheme="HTTP"),
        period_seconds=min(probe.interval_seconds, READINESS_INTERVAL_SECONDS),
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.retries,
        success_threshold=1,
    )


def liveness(application: Application) -> core.v1.ProbeArgs:
    """Must it be restarted? Asked from inside, so that no trouble of the network ends a healthy process."""
    probe = application.probe
    return core.v1.ProbeArgs(
        exec_=core.v1.ExecActionArgs(command=list(probe.command)),
        period_seconds=probe.interval_seconds,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.retries,
        success_threshold=1,
    )
