"""The application in a cluster: namespace, claims, configuration, policies, workload, front door, what guards them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.application.application import Application
from components.edge import edge_spec as edges
from components.edge.public_routes import CONTROLLERS
from components.kubernetes import outputs
from components.kubernetes.cluster import cluster as clusters
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.ingress import routes, service
from components.kubernetes.ingress.edge import KubernetesEdge
from components.kubernetes.namespace.claims import Claims
from components.kubernetes.namespace.config_map import ConfigMap
from components.kubernetes.namespace.namespace import Namespace
from components.kubernetes.namespace.network_policies import Policies
from components.kubernetes.namespace.secrets import Secrets
from components.kubernetes.scope import Scope
from components.kubernetes.workload import pod, workload
from components.kubernetes.workload.scaling import Scaling
from components.kubernetes.workload.workload import Workload
from components.settings import Settings, VolumeName


class KubernetesDeployment(pulumi.ComponentResource):
    """Everything of one stack in one cluster.

    Attributes:
        outputs: what a person needs to know of it, by the names of the stack's outputs.
    """

    outputs: Mapping[str, pulumi.Input[Any]]

    def __init__(
        self,
        name: str,
        settings: Settings,
        application: Application,
        cluster: Cluster,
        image: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("mimir:kubernetes:KubernetesDeployment", name, None, opts)
        for warning in (cluster.dns_delay.warning, *cluster.warnings):
            if warning:
                pulumi.log.warn(warning)
        provider = clusters.provider(f"{name}-cluster", settings, cluster, pulumi.ResourceOptions(parent=self))
        here = pulumi.ResourceOptions(parent=self, provider=provider)

        def after(*others: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions.merge(here, pulumi.ResourceOptions(depends_on=list(others)))

        described = edges.describe(settings, application) if settings.edge.kind == "haproxy" else None
        namespace = Namespace(
            f"{name}-namespace", application, cluster, here, create=settings.kubernetes.create_namespace
        )
        scope = Scope(settings, application, cluster, namespace.namespace)
        claims = Claims(f"{name}-volumes", scope, here)
        config = ConfigMap(f"{name}-config", scope, here)
        secrets = Secrets(f"{name}-secrets", scope, here)
        policies = Policies(f"{name}-policies", scope, described, here)
        volumes: dict[VolumeName, pulumi.Output[str]] = {**claims.names, "config": config.map_name}
        made = Workload(
            name,
            scope,
            "application",
            pod.spec(
                scope,
                image=image,
                service_account=namespace.service_account,
                volumes=volumes,
                secret_env=secrets.env,
                pull_secrets=secrets.pull,
            ),
            workload.of_application(settings, application.grace_seconds, cluster.dns_delay.seconds),
            after(policies),  # no pod may run before it is fenced in
        )
        Scaling(f"{name}-scaling", scope, here)
        ready = [made.workload]
        if described:
            pods = service.pods(f"{name}-pods", scope, here)
            edge = KubernetesEdge(
                f"{name}-edge",
                scope,
                described,
                service_account=namespace.service_account,
                pull_secrets=secrets.pull,
                opts=after(policies, pods, made),  # what a new configuration lets through is served by then
            )
            ready.append(edge.workload)
            front = service.front(f"{name}-service", scope, described, after(edge))
        else:
            front = service.front(f"{name}-service", scope, None, here)
        if settings.edge.kind in CONTROLLERS:
            routes.make(f"{name}-route", scope, here)
        self.outputs = outputs.stack_outputs(scope, described, ready, front, volumes)
        self.register_outputs({"namespace": namespace.namespace, "workload": made.workload})
