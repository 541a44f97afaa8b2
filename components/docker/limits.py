"""Limits in the engine's terms."""

from __future__ import annotations

from typing import TypedDict

CPU_PERIOD_MICROSECONDS = 100_000
"""Time over which the kernel counts CPU use; its own default."""


class CpuQuota(TypedDict):
    """A container's arguments."""

    cpu_period: int
    cpu_quota: int


def cpu_quota(cpus: float) -> CpuQuota:
    """The limit of `cpus`. Not the provider's `cpus`: it reads 10 back as "10." and 10.05 as "10.1", for ever."""
    return {"cpu_period": CPU_PERIOD_MICROSECONDS, "cpu_quota": round(cpus * CPU_PERIOD_MICROSECONDS)}
