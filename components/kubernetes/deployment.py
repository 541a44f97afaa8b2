"""The application in a cluster: namespace, claims, configuration, policies, workload, Service, and what guards them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.application import Application
from components.kubernetes import cluster as clusters
from components.kubernetes import outputs, pod
from components.kubernetes.claims import Claims
from components.kubernetes.cluster import Cluster
from components.kubernetes.config_map import ConfigMap
from components.kubernetes.namespace import Namespace
from components.kubernetes.policies import Policies
from components.kubernetes.scaling import Scaling
from components.kubernetes.secrets import Secrets
from components.kubernetes.service import Service
from components.kubernetes.workload import Workload
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
        provider = clusters.provider(f"{name}-cluster", settings, cluster, pulumi.ResourceOptions(parent=self))
        here = pulumi.ResourceOptions(parent=self, provider=provider)

        namespace = Namespace(f"{name}-namespace", application, cluster, here)
        inside = namespace.namespace
        claims = Claims(f"{name}-volumes", settings, application, cluster, inside, here)
        config = ConfigMap(f"{name}-config", application, inside, here)
        secrets = Secrets(f"{name}-secrets", settings, application, inside, here)
        policies = Policies(f"{name}-policies", settings, application, cluster, inside, here)
        volumes: dict[VolumeName, pulumi.Output[str]] = {**claims.names, "config": config.map_name}
        workload = Workload(
            name,
            settings,
            application,
            cluster,
            inside,
            pod.spec(
                settings,
                application,
                image=image,
                service_account=namespace.service_account,
                volumes=volumes,
                secret_env=secrets.env,
                pull_secrets=secrets.pull,
            ),
            # No pod may run before it is fenced in.
            pulumi.ResourceOptions.merge(here, pulumi.ResourceOptions(depends_on=[policies])),
        )
        service = Service(f"{name}-service", settings, application, cluster, inside, here)
        Scaling(f"{name}-scaling", settings, application, cluster, inside, here)
        self.outputs = outputs.of(settings, application, cluster, workload.workload, service.made, volumes)
        self.register_outputs({"namespace": inside, "workload": workload.workload})
