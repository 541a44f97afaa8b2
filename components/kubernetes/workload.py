"""The workload: a Deployment that replaces its pods without a gap, and says why when it cannot."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import apps, core, meta

from components.application import Application
from components.kubernetes import failure, leftovers
from components.kubernetes.cluster import Cluster
from components.kubernetes.labels import labels_of, selector_of
from components.kubernetes.rules import single_writer_keys
from components.settings import Settings

MARGIN_SECONDS = 60
"""What Pulumi waits longer than the cluster, so that the cluster's own verdict is the one that is read."""


class Workload(pulumi.ComponentResource):
    """One Deployment.

    Attributes:
        workload: its name, known once every pod of this version is ready.
    """

    workload: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Settings,
        application: Application,
        cluster: Cluster,
        namespace: pulumi.Input[str],
        pod: core.v1.PodSpecArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("mimir:kubernetes:Workload", name, None, opts)
        kubernetes = settings.kubernetes
        # Where the old pod ends before the new one starts, its end takes time too.
        ending = application.grace_seconds if single_writer_keys(settings) else 0
        wait = f"{ending + kubernetes.rollout_seconds + MARGIN_SECONDS}s"
        made = apps.v1.Deployment(
            name,
            metadata=meta.v1.ObjectMetaArgs(name=application.name, namespace=namespace, labels=labels_of(application)),
            spec=apps.v1.DeploymentSpecArgs(
                # Left out where an autoscaler decides, or every update would take its decision back.
                replicas=None if settings.autoscaling.max_replicas else kubernetes.replicas or 1,
                revision_history_limit=3,
                progress_deadline_seconds=kubernetes.rollout_seconds,
                selector=meta.v1.LabelSelectorArgs(match_labels=selector_of(application)),
                strategy=strategy(settings),
                template=core.v1.PodTemplateSpecArgs(
                    metadata=meta.v1.ObjectMetaArgs(labels=labels_of(application)), spec=pod
                ),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                custom_timeouts=pulumi.CustomTimeouts(
                    create=wait, update=wait, delete=f"{application.grace_seconds + MARGIN_SECONDS}s"
                ),
                hooks=pulumi.ResourceHookBinding(
                    before_create=leftovers.binding(name, application, cluster).before_create,
                    on_error=[failure.hook(name, settings, application, cluster)],
                ),
            ),
        )
        self.workload = made.metadata.name
        self.register_outputs({"workload": self.workload})


def strategy(settings: Settings) -> apps.v1.DeploymentStrategyArgs:
    """A new pod beside the old ones, unless only one may write.

    Beside a pod that holds a single-writer volume a second one could wait for ever on another node, or write to the
    same database: then the old one ends first.
    """
    if single_writer_keys(settings):
        return apps.v1.DeploymentStrategyArgs(type="Recreate")
    return apps.v1.DeploymentStrategyArgs(
        type="RollingUpdate",
        rolling_update=apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
    )
