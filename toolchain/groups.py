"""The groups of tools and services, by what they are for."""

from __future__ import annotations

from collections.abc import Collection

GROUPS = ("pulumi", "docker", "kubernetes", "cluster", "oldest-engine", "bench", "audit", "supply", "signature")
DEFAULT_GROUPS = ("pulumi", "docker")
NEEDS = {
    "docker": ("pulumi",),
    "kubernetes": ("pulumi",),
    # It pulls images that were built and pushed here.
    "cluster": ("pulumi", "docker", "kubernetes"),
}
"""Groups without which a group is of no use."""


def with_what_they_need(groups: Collection[str]) -> set[str]:
    """The groups, and those without which they are of no use."""
    return {*groups, *(needed for group in groups for needed in NEEDS.get(group, ()))}
