"""A workload: a Deployment that replaces its pods without a gap, and says why when it cannot."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, core, meta

from components.kubernetes import failure
from components.kubernetes.labels import Part, labels_of, name_of, selector_of
from components.kubernetes.rules import single_writer_keys
from components.kubernetes.scope import Scope
from components.settings import Settings

MARGIN_SECONDS = 60
"""What Pulumi waits longer than the cluster, so that the cluster's own verdict is the one that is read."""


@dataclass(frozen=True)
class Rollout:
    """How the pods of a part follow each other.

    Attributes:
        replicas: how many there are; None where an autoscaler decides, or every update would take its decision back.
        grace_seconds: how long a pod may take to end.
        alone: whether the old pod ends before the new one starts. Beside a pod that holds a single-writer volume a
            second one could wait for ever on another node, or write to the same database.
        known_seconds: how long a pod must be ready before it counts.
    """

    replicas: int | None
    grace_seconds: int
    alone: bool = False
    known_seconds: int = 0


class Workload(pulumi.ComponentResource):
    """One Deployment.

    Attributes:
        workload: its name, known once every pod of this version is ready.
    """

    workload: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        scope: Scope,
        part: Part,
        pod: core.v1.PodSpecArgs,
        rollout: Rollout,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("mimir:kubernetes:Workload", name, None, opts)
        application, seconds = scope.application, scope.settings.kubernetes.rollout_seconds
        # Where the old pod ends before the new one starts, its end takes time too.
        wait = f"{(rollout.grace_seconds if rollout.alone else 0) + seconds + MARGIN_SECONDS}s"
        made = apps.v1.Deployment(
            name,
            metadata=scope.metadata(name_of(application, part), part),
            spec=apps.v1.DeploymentSpecArgs(
                replicas=rollout.replicas,
                min_ready_seconds=rollout.known_seconds or None,
                revision_history_limit=3,
                progress_deadline_seconds=seconds,
                selector=meta.v1.LabelSelectorArgs(match_labels=selector_of(application, part)),
                strategy=_strategy(rollout),
                template=core.v1.PodTemplateSpecArgs(
                    metadata=meta.v1.ObjectMetaArgs(labels=labels_of(application, part)), spec=pod
                ),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                custom_timeouts=pulumi.CustomTimeouts(
                    create=wait, update=wait, delete=f"{rollout.grace_seconds + MARGIN_SECONDS}s"
                ),
                hooks=pulumi.ResourceHookBinding(
                    before_create=scope.room_for(name).before_create, on_error=[failure.hook(name, scope, part)]
                ),
            ),
        )
        self.workload = made.metadata.name
        self.register_outputs({"workload": self.workload})


def of_application(settings: Settings, grace_seconds: int) -> Rollout:
    """How the application's pods follow each other."""
    kubernetes = settings.kubernetes
    return Rollout(
        replicas=None if settings.autoscaling.max_replicas else kubernetes.replicas or 1,
        grace_seconds=grace_seconds,
        alone=bool(single_writer_keys(settings)),
        # The edge finds pods by name: an old one may go only when no name server hides the new one any more.
        known_seconds=kubernetes.dns_seconds if settings.edge.kind == "haproxy" else 0,
    )


def _strategy(rollout: Rollout) -> apps.v1.DeploymentStrategyArgs:
    """A new pod beside the old ones, unless only one may be there."""
    if rollout.alone:
        return apps.v1.DeploymentStrategyArgs(type="Recreate")
    return apps.v1.DeploymentStrategyArgs(
        type="RollingUpdate",
        rolling_update=apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
    )
