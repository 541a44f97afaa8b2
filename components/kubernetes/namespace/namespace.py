"""The namespace, in which only pods of the `restricted` profile are admitted, and its service account."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import core, meta

from components.application.application import Application
from components.kubernetes import orphans
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.labels import SKIP_AWAIT, labels_of
from components.kubernetes.pod_security import RESTRICTED


class Namespace(pulumi.ComponentResource):
    """A namespace of the deployment's own, or an existing one, which is only referred to.

    Its own is protected and retained as long as a volume in it is: whoever deletes a namespace deletes its claims.

    Attributes:
        namespace: its name, known once it is there.
        service_account: name of the account that the pods run as; it has no right and no token.
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
        """Make it, or refer to it.

        Args:
            name: of the component.
            application: whose namespace it is.
            cluster: where, with the namespace's name.
            opts: Pulumi's.
            create: whether the namespace is made; otherwise it exists, and only the account in it is made.
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
                annotations=SKIP_AWAIT,  # older providers wait for a token, which today's clusters do not make
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
