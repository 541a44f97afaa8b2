"""How many pods there are, and how many may be missing."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import autoscaling, meta, policy

from components.application import Application
from components.kubernetes import leftovers
from components.kubernetes.cluster import Cluster
from components.kubernetes.labels import labels_of, selector_of
from components.settings import Settings


class Scaling(pulumi.ComponentResource):
    """The disruption budget, and the autoscaler where the settings ask for one."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        application: Application,
        cluster: Cluster,
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("mimir:kubernetes:Scaling", name, None, opts)

        def metadata() -> meta.v1.ObjectMetaArgs:
            return meta.v1.ObjectMetaArgs(name=application.name, namespace=namespace, labels=labels_of(application))

        policy.v1.PodDisruptionBudget(
            f"{name}-budget",
            metadata=metadata(),
            spec=policy.v1.PodDisruptionBudgetSpecArgs(
                # One at a time, and not «at least one»: with a single pod that would block every drain for ever.
                max_unavailable=1,
                selector=meta.v1.LabelSelectorArgs(match_labels=selector_of(application)),
                # A pod that is broken anyway must not block a drain either.
                unhealthy_pod_eviction_policy="AlwaysAllow",
            ),
            opts=pulumi.ResourceOptions(parent=self, hooks=leftovers.binding(f"{name}-budget", application, cluster)),
        )
        scaling = settings.autoscaling
        if scaling.max_replicas:
            autoscaling.v2.HorizontalPodAutoscaler(
                f"{name}-autoscaler",
                metadata=metadata(),
                spec=autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
                    scale_target_ref=autoscaling.v2.CrossVersionObjectReferenceArgs(
                        api_version="apps/v1", kind="Deployment", name=application.name
                    ),
                    min_replicas=scaling.min_replicas,
                    max_replicas=scaling.max_replicas,
                    metrics=[
                        autoscaling.v2.MetricSpecArgs(
                            type="Resource",
                            resource=autoscaling.v2.ResourceMetricSourceArgs(
                                name="cpu",
                                target=autoscaling.v2.MetricTargetArgs(
                                    type="Utilization", average_utilization=scaling.cpu_percent
                                ),
                            ),
                        )
                    ],
                ),
                opts=pulumi.ResourceOptions(
                    parent=self, hooks=leftovers.binding(f"{name}-autoscaler", application, cluster)
                ),
            )
        self.register_outputs({})
