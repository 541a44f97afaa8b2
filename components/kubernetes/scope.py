"""What everything in one namespace is made of: whose it is, where it is, and how its name is kept free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import meta

from components.application.application import Application
from components.kubernetes import orphans
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.labels import Part, labels_of
from components.settings import Settings


@dataclass(frozen=True)
class Scope:
    """One deployment in its namespace.

    Attributes:
        settings: the stack's.
        application: what is deployed.
        cluster: where.
        namespace: name of the namespace, known once it is there.
    """

    settings: Settings
    application: Application
    cluster: Cluster
    namespace: pulumi.Input[str]

    def metadata(
        self, name: str | None = None, part: Part | None = None, annotations: Mapping[str, str] | None = None
    ) -> meta.v1.ObjectMetaArgs:
        """The head of an object of `part`, or of the whole; without a name, Pulumi makes one."""
        return meta.v1.ObjectMetaArgs(
            name=name, namespace=self.namespace, labels=labels_of(self.application, part), annotations=annotations
        )

    def name_conflict_hooks(self, hook: str, component: str = "", *, ours: bool = False) -> pulumi.ResourceHookBinding:
        """Hooks that clear an object's name of what a killed update left; see `leftovers.binding`."""
        return orphans.binding(hook, self.application, self.cluster, component, ours=ours)
