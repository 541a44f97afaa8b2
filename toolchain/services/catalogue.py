"""Which services there are, in the order in which they are started, and how each is found, started and stopped."""

from __future__ import annotations

from collections.abc import Collection

from toolchain.machine import Machine
from toolchain.progress import Progress
from toolchain.services.base import Service
from toolchain.services.baseimage import base_image
from toolchain.services.builder import ImageBuilder
from toolchain.services.cluster.service import Cluster
from toolchain.services.edgeimage import edge_image
from toolchain.services.engine import Engine
from toolchain.services.haproxy import HAProxy
from toolchain.services.oldest_engine import OldestEngine
from toolchain.services.registry import Registry


def services(machine: Machine, progress: Progress, groups: Collection[str]) -> list[Service]:
    """The services of the groups, in the order in which they are started."""
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
        "cluster": [Cluster(machine, progress)],
    }
    return [service for group, members in of_group.items() if group in groups for service in members]


def every(machine: Machine, progress: Progress) -> list[Service]:
    """The services of all groups that are, or once were, made on this machine."""
    is_made = Cluster(machine, progress).is_made()
    return services(machine, progress, ("docker", "oldest-engine", *(("cluster",) if is_made else ())))
