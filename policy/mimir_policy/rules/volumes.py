"""Data must not be lost."""

from __future__ import annotations

from collections.abc import Iterator

from mimir_policy.resource import CLAIM, VOLUME, Resource
from mimir_policy.rule import Rule, Settings, Violation
from mimir_policy.values import UNKNOWN, dig

DATA = (CLAIM, VOLUME, "kubernetes:core/v1:PersistentVolume")


def _protected(resource: Resource, _: Settings) -> Iterator[Violation]:
    if resource.type in DATA and not resource.protect:
        yield Violation("options.protect", False, "true")


def _replaced(resource: Resource, _: Settings) -> Iterator[Violation]:
    if resource.type in DATA and resource.delete_before_replace:
        yield Violation("options.deleteBeforeReplace", True, "false")
    if resource.on_kubernetes and resource.kind == "StatefulSet":
        for when in ("whenDeleted", "whenScaled"):
            path = ("spec", "persistentVolumeClaimRetentionPolicy", when)
            retention = dig(resource.properties, *path)
            if retention not in (None, "Retain", UNKNOWN):
                yield Violation(".".join(path), retention, "Retain")


RULES = (
    Rule(
        name="volume-protected",
        what="Volumes and claims are protected: Pulumi refuses to delete or to replace them.",
        why="plan: Backup & Recovery, and Volumes; NIST SP 800-190 4.4.3",
        fix="set the resource option `protect` (for this project's own: `mimir:volumes.protected`)",
        severity="critical",
        of_resource=_protected,
    ),
    Rule(
        name="volume-kept",
        what="Nothing says that a volume or claim goes before its successor is there, or with its workload.",
        why="plan: Backup & Recovery",
        fix="leave out deleteBeforeReplace (Pulumi) and persistentVolumeClaimRetentionPolicy (StatefulSet)",
        severity="critical",
        of_resource=_replaced,
    ),
)
