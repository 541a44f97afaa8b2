"""The services that a deployment needs on this machine, and how each is found, started and stopped."""

from __future__ import annotations

from toolchain.machine import Machine
from toolchain.progress import Progress
from toolchain.services.base import Service
from toolchain.services.baseimage import BaseImage
from toolchain.services.builder import ImageBuilder
from toolchain.services.engine import Engine
from toolchain.services.registry import Registry


def services(machine: Machine, progress: Progress) -> list[Service]:
    """The services of the group `docker`, in the order in which they are started."""
    builder = ImageBuilder(machine, progress)
    return [Engine(machine), Registry(machine), builder, BaseImage(machine, builder, progress)]
