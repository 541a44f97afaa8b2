"""Resource limits, health probes, and no access to the host."""

from __future__ import annotations

from collections.abc import Iterator

from mimir_policy.platforms import containers_of, host_of
from mimir_policy.quantity import amount
from mimir_policy.resource import Resource
from mimir_policy.rule import Rule, Settings, Violation
from mimir_policy.values import UNKNOWN

MAX_CPUS = 1024
MAX_MEMORY = 2.0**50
"""Bytes. A higher amount does not limit anything, because no machine has as much."""


def _limits(resource: Resource, _: Settings) -> Iterator[Violation]:
    for container in containers_of(resource):
        for setting in container.resources:
            number = amount(setting.value)
            maximum = MAX_CPUS if "cpu" in setting.property else MAX_MEMORY
            if setting.value is not UNKNOWN and (number is None or number > maximum):
                yield Violation(
                    setting.property, setting.value if setting.shown is None else setting.shown, "an amount above zero"
                )


def _probes(resource: Resource, _: Settings) -> Iterator[Violation]:
    for container in containers_of(resource):
        for setting in container.probes:
            if setting.value is None:
                yield Violation(setting.property, None, "a health probe")


def _host(resource: Resource, _: Settings) -> Iterator[Violation]:
    for setting in host_of(resource):
        yield Violation(setting.property, setting.value, "nothing of the host's")


RULES = (
    Rule(
        name="limits",
        what="A container has limits of CPU and memory, and on Kubernetes requests of both.",
        why="CIS Docker Benchmark 1.6, 5.11 and 5.12; NIST SP 800-190 4.4.3; plan: Runtime Security, Resource limits",
        fix="set memory, and cpuQuota with cpuPeriod (Docker), or resources.requests and resources.limits (Kubernetes)",
        severity="medium",
        of_resource=_limits,
    ),
    Rule(
        name="probes",
        what="A container that goes on running is probed: at its start, for traffic and for life.",
        why="CIS Docker Benchmark 1.6, 5.27; plan: Monitoring & Logging, Health Checks",
        fix="set healthcheck (Docker, which knows one), or startupProbe, readinessProbe and livenessProbe (Kubernetes)",
        severity="medium",
        of_resource=_probes,
    ),
    Rule(
        name="host",
        what="A container uses nothing of its host: no namespace (network, processes …), path, socket, port or device.",
        why="Pod Security Standards baseline (Host Namespaces, HostPath Volumes, Host Ports) and restricted "
        "(Volume Types); CIS Docker Benchmark 1.6, 5.6, 5.10, 5.16 to 5.18, 5.31 and 5.32; NIST SP 800-190 4.5.5",
        fix="mount named volumes or claims, and publish ports (Docker) or make a Service (Kubernetes)",
        severity="critical",
        of_resource=_host,
    ),
)
