"""The autoscaler, and the disruption budgets."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import autoscaling, meta, policy

from components.kubernetes.labels import Part, name_of, selector_of
from components.kubernetes.scope import Scope


class Scaling(pulumi.ComponentResource):
    """The disruption budget of the application, and the autoscaler if the settings enable it."""

    def __init__(self, name: str, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
        """Create the resources.

        Args:
            name: name of the component, and prefix of the names of its resources.
            scope: the deployment.
            opts: resource options of the component.
        """
        super().__init__("mimir:kubernetes:Scaling", name, None, opts)
        budget(f"{name}-budget", scope, "application", pulumi.ResourceOptions(parent=self))
        scaling = scope.settings.autoscaling
        if scaling.max_replicas:
            autoscaling.v2.HorizontalPodAutoscaler(
                f"{name}-autoscaler",
                metadata=scope.metadata(scope.application.name, "application"),
                spec=autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
                    scale_target_ref=autoscaling.v2.CrossVersionObjectReferenceArgs(
                        api_version="apps/v1", kind="Deployment", name=scope.application.name
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
                opts=pulumi.ResourceOptions(parent=self, hooks=scope.name_conflict_hooks(f"{name}-autoscaler")),
            )
        self.register_outputs({})


def budget(name: str, scope: Scope, part: Part, opts: pulumi.ResourceOptions) -> None:
    """Create a disruption budget that lets a node drain evict one pod of `part` at a time.

    Args:
        name: logical name of the resource.
        scope: the deployment.
        part: part whose pods are selected.
        opts: resource options.
    """
    policy.v1.PodDisruptionBudget(
        name,
        metadata=scope.metadata(name_of(scope.application, part), part),
        spec=policy.v1.PodDisruptionBudgetSpecArgs(
            # Not `minAvailable: 1`: with a single pod that would block every drain.
            max_unavailable=1,
            selector=meta.v1.LabelSelectorArgs(match_labels=selector_of(scope.application, part)),
            # An unhealthy pod must not block a drain either.
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(hooks=scope.name_conflict_hooks(name))),
    )
