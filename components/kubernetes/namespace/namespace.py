"""The namespace, which admits only pods of the `restricted` profile, and its service account."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import core, meta

from components.application.application import Application
from components.kubernetes import orphans
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.labels import SKIP_AWAIT, labels_of
from components.kubernetes.pod_security import RESTRICTED


class Namespace(pulumi.ComponentResource):
    """The namespace of the deployment: created by this stack, or an existing one, which is not changed.

    A created namespace is protected and retained if one of its volumes is: deleting a namespace deletes its claims.

    Attributes:
        namespace: name of the namespace, known once it exists.
        service_account: name of the service account of the pods; it has no permissions and no token.
    """

    namespace: pulumi.Output[str]
    service_account: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        application: Application,
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
        *,
        create: bool = True,
    ) -> None:
        """Create the service account, and the namespace unless it exists.

        Args:
            name: name of the component, and prefix of the names of its resources.
            application: description of the application.
            cluster: cluster to deploy to, with the name of the namespace.
            opts: resource options of the component.
            create: whether to create the namespace; if False it must exist.
        """
        super().__init__("mimir:kubernetes:Namespace", name, None, opts)
        self.namespace = (
            self._create(name, application, cluster) if create else pulumi.Output.from_input(cluster.namespace)
        )
        account = core.v1.ServiceAccount(
            f"{name}-account",
            metadata=meta.v1.ObjectMetaArgs(
                name=application.name,
                namespace=self.namespace,
                labels=labels_of(application),
                annotations=SKIP_AWAIT,  # older providers wait for a token, which current clusters do not create
            ),
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self, hooks=orphans.binding(f"{name}-account", application, cluster)),
        )
        self.service_account = account.metadata.name
        self.register_outputs({"namespace": self.namespace, "service_account": self.service_account})

    def _create(self, name: str, application: Application, cluster: Cluster) -> pulumi.Output[str]:
        holds_data = any(volume.protected for volume in application.volumes)
        namespace = core.v1.Namespace(
            name,
            metadata=meta.v1.ObjectMetaArgs(name=cluster.namespace, labels={**labels_of(application), **RESTRICTED}),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=holds_data,
                retain_on_delete=holds_data,
                hooks=orphans.binding(f"{name}-namespace", application, cluster, name),
            ),
        )
        return namespace.metadata.name
