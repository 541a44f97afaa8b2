"""Which services there are, in the order in which they are started, and how each is found, started and stopped."""

from __future__ import annotations

from collections.abc import Collection

from toolchain.cluster_context import is_named
from toolchain.machine import Machine
from toolchain.progress import Progress
from toolchain.services.base import Service
from toolchain.services.baseimage import base_image
from toolchain.services.builder import ImageBuilder
from toolchain.services.cluster.named import NamedCluster
from toolchain.services.cluster.service import Cluster
from toolchain.services.edgeimage import edge_image
from toolchain.services.engine import Engine
from toolchain.services.haproxy import HAProxy
from toolchain.services.oldest_engine import OldestEngine
from toolchain.services.registry import Registry


def services(machine: Machine, progress: Progress, groups: Collection[str]) -> list[Service]:
    """The services of the groups, in the order in which they are started.

    Args:
        machine: this machine and checkout.
        progress: shows each step.
        groups: names of groups (`groups.GROUPS`); those without a service are ignored.
    """
    builder = ImageBuilder(machine, progress)
    of_group: dict[str, list[Service]] = {
        "docker": [
            Engine(machine),
            Registry(machine),
            builder,
            base_image(machine, builder, progress),
            HAProxy(machine),
            edge_image(machine, builder, progress),
        ],
        "oldest-engine": [OldestEngine(machine)],
        "cluster": [cluster_in_use(machine, progress)],
    }
    return [service for group, members in of_group.items() if group in groups for service in members]


def cluster_in_use(machine: Machine, progress: Progress) -> Cluster | NamedCluster:
    """The cluster that the tests use."""
    return NamedCluster(machine, progress) if is_named(machine.environment) else Cluster(machine, progress)


def every(machine: Machine, progress: Progress) -> list[Service]:
    """The services of all groups that are, or once were, made on this machine, and the cluster that the user names."""
    cluster = Cluster(machine, progress)
    clusters: list[Service] = [cluster] if cluster.is_made() else []
    if is_named(machine.environment):
        clusters.append(NamedCluster(machine, progress))
    return [*services(machine, progress, ("docker", "oldest-engine")), *clusters]
