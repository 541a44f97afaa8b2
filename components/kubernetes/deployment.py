"""The deployment in a cluster: namespace, claims, configuration, network policies, workload and edge."""

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
    """All resources of one stack in one cluster.

    Attributes:
        outputs: values of the stack outputs by name.
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
        """Create the resources.

        Args:
            name: name of the component, and prefix of the names of its resources.
            settings: settings of the stack.
            application: description of the application.
            cluster: cluster to deploy to.
            image: reference of the application image, with a digest.
            opts: resource options of the component.
        """
        super().__init__("mimir:kubernetes:KubernetesDeployment", name, None, opts)
        for warning in (cluster.dns_delay.warning, *cluster.warnings):
            if warning:
                pulumi.log.warn(warning)
        provider = clusters.provider(f"{name}-cluster", settings, cluster, pulumi.ResourceOptions(parent=self))
        here = pulumi.ResourceOptions(parent=self, provider=provider)

        def after(*others: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions.merge(here, pulumi.ResourceOptions(depends_on=list(others)))

        edge_spec = edges.describe(settings, application) if settings.edge.kind == "haproxy" else None
        namespace = Namespace(
            f"{name}-namespace", application, cluster, here, create=settings.kubernetes.create_namespace
        )
        scope = Scope(settings, application, cluster, namespace.namespace)
        claims = Claims(f"{name}-volumes", scope, here)
        config = ConfigMap(f"{name}-config", scope, here)
        secrets = Secrets(f"{name}-secrets", scope, here)
        policies = Policies(f"{name}-policies", scope, edge_spec, here)
        volumes: dict[VolumeName, pulumi.Output[str]] = {**claims.names, "config": config.map_name}
        workload_component = Workload(
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
            after(policies),  # no pod may run before the network policies exist
        )
        Scaling(f"{name}-scaling", scope, here)
        ready = [workload_component.workload]
        if edge_spec:
            pods = service.pods(f"{name}-pods", scope, here)
            edge = KubernetesEdge(
                f"{name}-edge",
                scope,
                edge_spec,
                service_account=namespace.service_account,
                pull_secrets=secrets.pull,
                opts=after(policies, pods, workload_component),  # first serve new routes, then open them
            )
            ready.append(edge.workload)
            front = service.front(f"{name}-service", scope, edge_spec, after(edge))
        else:
            front = service.front(f"{name}-service", scope, None, here)
        if settings.edge.kind in CONTROLLERS:
            routes.make(f"{name}-route", scope, here)
        self.outputs = outputs.stack_outputs(scope, edge_spec, ready, front, volumes)
        self.register_outputs({"namespace": namespace.namespace, "workload": workload_component.workload})
