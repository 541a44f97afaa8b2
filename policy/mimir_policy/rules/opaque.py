"""Nothing is out of sight."""

from __future__ import annotations

from collections.abc import Iterator

from mimir_policy.on_kubernetes import PODS
from mimir_policy.resource import Resource
from mimir_policy.rule import Rule, Settings, Violation

RELEASE = "kubernetes:helm.sh/v3:Release"
SWARM = "docker:index/service:Service"


def _opaque(resource: Resource, _: Settings) -> Iterator[Violation]:
    is_part = resource.kind in {f"{kind}{what}" for kind in PODS for what in ("Patch", "List")}
    if resource.type in (RELEASE, SWARM) or (resource.on_kubernetes and is_part):
        yield Violation("type", resource.type, "resources that show every pod or container that they make")


RULES = (
    Rule(
        name="in-sight",
        what="Everything that makes containers shows them to the other rules.",
        why="the pack cannot judge what it does not see: Helm releases, patches and lists of workloads, Swarm services",
        fix="render the chart (kubernetes.helm.v4.Chart), or write the workload itself",
        severity="high",
        of_resource=_opaque,
    ),
)
