"""What all objects of a deployment share: settings, application, cluster, namespace, and name conflict hooks."""

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
        settings: settings of the stack.
        application: description of the application.
        cluster: cluster to deploy to.
        namespace: name of the namespace, known once the namespace exists.
    """

    settings: Settings
    application: Application
    cluster: Cluster
    namespace: pulumi.Input[str]

    def metadata(
        self, name: str | None = None, part: Part | None = None, annotations: Mapping[str, str] | None = None
    ) -> meta.v1.ObjectMetaArgs:
        """Build the metadata of an object.

        Args:
            name: name of the object; None lets Pulumi generate one.
            part: part that the object belongs to; None for the whole deployment.
            annotations: annotations of the object.

        Returns:
            The metadata.
        """
        return meta.v1.ObjectMetaArgs(
            name=name, namespace=self.namespace, labels=labels_of(self.application, part), annotations=annotations
        )

    def name_conflict_hooks(self, hook: str, component: str = "", *, ours: bool = False) -> pulumi.ResourceHookBinding:
        """Create hooks that delete an object of the same name that a killed update left; see `orphans.binding`.

        Args:
            hook: prefix of the name of the hook.
            component: name of the component that creates the object, for kinds that hold data.
            ours: whether the workload is known to be of this stack, because it was created before.

        Returns:
            The hook binding.
        """
        return orphans.binding(hook, self.application, self.cluster, component, ours=ours)
