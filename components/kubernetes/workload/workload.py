"""A workload: a Deployment that replaces its pods without a gap, and says why when it cannot."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import apps, core, meta

from components.kubernetes.labels import Part, labels_of, name_of, selector_of
from components.kubernetes.scope import Scope
from components.kubernetes.workload import autoscaler_end, rollout_failure
from components.kubernetes.workload import rollout as rollouts
from components.settings import Settings
from components.validation.kubernetes import single_writer_keys

MARGIN_SECONDS = 5
"""What Pulumi waits longer than the cluster, so that the cluster's own verdict is the one that is read.

The provider (v4) does not end its wait when the cluster gives a rollout up (`ProgressDeadlineExceeded`): it waits as
long as it is told to, so this is time that nobody needs.
"""

DELETE_MARGIN_SECONDS = 60
"""What a deletion may take longer than the pods' grace."""


@dataclass(frozen=True)
class Rollout:
    """How the pods of a part follow each other.

    Attributes:
        replicas: how many there are; None where an autoscaler decides, or every update would take its decision back.
        grace_seconds: how long a pod may take to end.
        alone: whether the old pod ends before the new one starts. Beside a pod that holds a single-writer volume a
            second one could wait for ever on another node, or write to the same database.
        min_ready_seconds: how long a pod must be ready before it counts. A change of it alone restarts no pod.
    """

    replicas: int | None
    grace_seconds: int
    alone: bool = False
    min_ready_seconds: int = 0


class Workload(pulumi.ComponentResource):
    """One Deployment.

    Attributes:
        workload: its name, known once every pod is of this version and available.
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
        began: list[float] = []
        begin = pulumi.ResourceHook(f"{name}-rollout", lambda _: began.append(time.monotonic()))
        made = apps.v1.Deployment(
            name,
            metadata=scope.metadata(name_of(application, part), part),
            spec=apps.v1.DeploymentSpecArgs(
                replicas=rollout.replicas,
                min_ready_seconds=rollout.min_ready_seconds or None,
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
                # A number that is left out of a server-side apply goes back to 1 before the autoscaler decides. Kept,
                # the provider applies the live number until the autoscaler has changed it, and leaves it alone then.
                ignore_changes=["spec.replicas"] if rollout.replicas is None else None,
                custom_timeouts=pulumi.CustomTimeouts(
                    create=wait, update=wait, delete=f"{rollout.grace_seconds + DELETE_MARGIN_SECONDS}s"
                ),
                hooks=pulumi.ResourceHookBinding(
                    before_create=[*(scope.name_conflict_hooks(name).before_create or []), begin],
                    before_update=[
                        begin,
                        *([] if rollout.replicas is None else [autoscaler_end.hook(name, scope, part)]),
                    ],
                    on_error=[rollout_failure.hook(name, scope, part)],
                ),
            ),
        )
        self.workload = made.metadata.apply(lambda metadata: _complete(scope, part, str(metadata.name), began))
        self.register_outputs({"workload": self.workload})


def _complete(scope: Scope, part: Part, name: str, began: Sequence[float]) -> str:
    """The Deployment's name, once its rollout, which `began` then, is complete; a preview has nothing to wait for."""
    if pulumi.runtime.is_dry_run():
        rollouts.warn(scope, part)
    else:
        rollouts.require(scope, part, since=min(began, default=None))
    return name


def of_application(settings: Settings, grace_seconds: int, dns_seconds: int) -> Rollout:
    """How the application's pods follow each other.

    Args:
        settings: the stack's.
        grace_seconds: how long a pod may take to end.
        dns_seconds: how long after it is ready the edge may not know a pod. An old one may not go before that.
    """
    return Rollout(
        replicas=None if settings.autoscaling.max_replicas else settings.kubernetes.replicas or 1,
        grace_seconds=grace_seconds,
        alone=bool(single_writer_keys(settings)),
        min_ready_seconds=dns_seconds,
    )


def _strategy(rollout: Rollout) -> apps.v1.DeploymentStrategyArgs:
    """A new pod beside the old ones, unless only one may be there."""
    if rollout.alone:
        return apps.v1.DeploymentStrategyArgs(type="Recreate")
    return apps.v1.DeploymentStrategyArgs(
        type="RollingUpdate",
        rolling_update=apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
    )
