"""The Service: one address for the pods that are ready."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import core, meta

from components.application import Application
from components.kubernetes import leftovers
from components.kubernetes.cluster import Cluster
from components.kubernetes.labels import SKIP_AWAIT, labels_of, selector_of
from components.settings import Settings


class Service(pulumi.ComponentResource):
    """One Service.

    Attributes:
        made: the object, of which the cluster fills in ports and addresses.
    """

    made: core.v1.Service

    def __init__(
        self,
        name: str,
        settings: Settings,
        application: Application,
        cluster: Cluster,
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("mimir:kubernetes:Service", name, None, opts)
        kind = settings.kubernetes.service_type
        # Whether pods are ready is what the workload waits for; only an address from outside takes time of its own.
        wait = {} if kind == "LoadBalancer" else SKIP_AWAIT
        self.made = core.v1.Service(
            name,
            metadata=meta.v1.ObjectMetaArgs(
                name=application.name, namespace=namespace, labels=labels_of(application), annotations=wait
            ),
            spec=core.v1.ServiceSpecArgs(
                type=kind,
                selector=selector_of(application),
                ports=[
                    core.v1.ServicePortArgs(
                        name="http", port=application.port, target_port="http", protocol="TCP", app_protocol="http"
                    )
                ],
            ),
            opts=pulumi.ResourceOptions(parent=self, hooks=leftovers.binding(name, application, cluster)),
        )
        self.register_outputs({})
