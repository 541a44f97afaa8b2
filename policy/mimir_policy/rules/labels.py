"""Resources carry the labels of their deployment."""

from __future__ import annotations

from collections.abc import Iterator

from mimir_policy.on_kubernetes import pod_of
from mimir_policy.resource import CONTAINER, VOLUME, Resource
from mimir_policy.rule import Rule, Setting, Settings, Violation
from mimir_policy.values import dig, is_known, items

LABELLED = (CONTAINER, VOLUME, "docker:index/network:Network")
EXPECTED = "a text"


def _labels(resource: Resource, settings: Settings) -> Iterator[Violation]:
    if resource.type in LABELLED:
        labels = resource.properties.get("labels")
        present = {dig(label, "label") for label in items(labels) if dig(label, "value")}
        for name in settings["docker"]:
            if name not in present and is_known(labels):
                yield Violation(f"labels[{name}]", None, EXPECTED)
    elif resource.on_kubernetes and "metadata" in resource.properties:
        pod = pod_of(resource)
        for holder in ("", *([f"{pod.path.rpartition('.')[0]}."] if pod and pod.path != "spec" else [])):
            path = f"{holder}metadata.labels"
            for name in settings["kubernetes"]:
                if not dig(resource.properties, *path.split("."), name):
                    yield Violation(f"{path}[{name}]", None, EXPECTED)


RULES = (
    Rule(
        name="labels",
        what="Containers, volumes, networks and objects of a cluster say to which deployment they belong.",
        why="Kubernetes: Recommended Labels; NIST SP 800-190 4.4.5 (rogue containers)",
        fix="set the labels",
        severity="low",
        of_resource=_labels,
        settings={
            "docker": Setting(("io.mimir.deployment",), "Labels on an engine."),
            "kubernetes": Setting(
                ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/managed-by"),
                "Labels in a cluster.",
            ),
        },
    ),
)
