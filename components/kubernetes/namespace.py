"""The namespace, in which only pods of the `restricted` profile are admitted, and its service account."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import core, meta

from components.application import Application
from components.kubernetes import leftovers
from components.kubernetes.cluster import Cluster
from components.kubernetes.labels import SKIP_AWAIT, labels_of

RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}{suffix}": value
    for mode in ("enforce", "audit", "warn")
    for suffix, value in (("", "restricted"), ("-version", "latest"))
}
"""Kubernetes: Pod Security Standards, enforced by the built-in admission plugin."""


class Namespace(pulumi.ComponentResource):
    """A namespace of the deployment's own.

    It is protected and retained as long as a volume in it is: whoever deletes a namespace deletes its claims.

    Attributes:
        namespace: its name, known once it is there.
        service_account: name of the account that the pods run as; it has no right and no token.
    """

    namespace: pulumi.Output[str]
    service_account: pulumi.Output[str]

    def __init__(
        self, name: str, application: Application, cluster: Cluster, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mimir:kubernetes:Namespace", name, None, opts)
        holds_data = any(volume.protected for volume in application.volumes)
        namespace = core.v1.Namespace(
            name,
            metadata=meta.v1.ObjectMetaArgs(name=cluster.namespace, labels={**labels_of(application), **RESTRICTED}),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=holds_data,
                retain_on_delete=holds_data,
                hooks=leftovers.binding(f"{name}-namespace", application, cluster, name),
            ),
        )
        self.namespace = namespace.metadata.name
        account = core.v1.ServiceAccount(
            f"{name}-account",
            metadata=meta.v1.ObjectMetaArgs(
                name=application.name,
                namespace=self.namespace,
                labels=labels_of(application),
                annotations=SKIP_AWAIT,  # older providers wait for a token, which today's clusters do not make
            ),
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self, hooks=leftovers.binding(f"{name}-account", application, cluster)),
        )
        self.service_account = account.metadata.name
        self.register_outputs({"namespace": self.namespace, "service_account": self.service_account})
