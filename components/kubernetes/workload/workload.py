"""A workload: a Deployment with zero-downtime updates, and a report if its rollout fails."""

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
"""Time in seconds that Pulumi waits longer than the cluster, so that the failure is reported by the cluster.

The provider (v4) does not stop waiting when the cluster gives up a rollout (`ProgressDeadlineExceeded`). It always
waits for the full timeout, so the margin is short.
"""

DELETE_MARGIN_SECONDS = 60
"""Time in seconds that a deletion may take beyond the termination grace period."""


@dataclass(frozen=True)
class Rollout:
    """How the pods of a part are replaced.

    Attributes:
        replicas: number of pods; None if an autoscaler sets it, because updates would reset its number.
        grace_seconds: termination grace period in seconds.
        alone: whether the old pod ends before the new one starts. While a pod holds a single-writer volume, a second
            pod could wait for ever on another node, or write to the same database.
        min_ready_seconds: time in seconds that a pod must be ready before it is available. A change of this value
            alone restarts no pod.
    """

    replicas: int | None
    grace_seconds: int
    alone: bool = False
    min_ready_seconds: int = 0


class Workload(pulumi.ComponentResource):
    """One Deployment.

    Attributes:
        workload: name of the Deployment, known once every pod is of this version and available.
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
        """Create the Deployment.

        Args:
            name: name of the component and of the resource.
            scope: the deployment.
            part: part that the workload belongs to.
            pod: pod spec.
            rollout: how its pods are replaced.
            opts: resource options of the component.
        """
        super().__init__("mimir:kubernetes:Workload", name, None, opts)
        application, seconds = scope.application, scope.settings.kubernetes.rollout_seconds
        # With `Recreate`, the termination of the old pod counts too.
        wait = f"{(rollout.grace_seconds if rollout.alone else 0) + seconds + MARGIN_SECONDS}s"
        began: list[float] = []
        begin = pulumi.ResourceHook(f"{name}-rollout", lambda _: began.append(time.monotonic()))
        deployment = apps.v1.Deployment(
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
        self.workload = deployment.metadata.apply(lambda metadata: _complete(scope, part, str(metadata.name), began))
        self.register_outputs({"workload": self.workload})


def _complete(scope: Scope, part: Part, name: str, began: Sequence[float]) -> str:
    """Wait for the rollout that started at `began`, and return the name of the Deployment; a preview does not wait."""
    if pulumi.runtime.is_dry_run():
        rollouts.warn(scope, part)
    else:
        rollouts.require(scope, part, since=min(began, default=None))
    return name


def of_application(settings: Settings, grace_seconds: int, dns_seconds: int) -> Rollout:
    """Return how the application pods are replaced.

    Args:
        settings: settings of the stack.
        grace_seconds: termination grace period in seconds.
        dns_seconds: time in seconds that the edge may not resolve a ready pod. Old pods must serve at least that long.

    Returns:
        The rollout parameters.
    """
    return Rollout(
        replicas=None if settings.autoscaling.max_replicas else settings.kubernetes.replicas or 1,
        grace_seconds=grace_seconds,
        alone=bool(single_writer_keys(settings)),
        min_ready_seconds=dns_seconds,
    )


def _strategy(rollout: Rollout) -> apps.v1.DeploymentStrategyArgs:
    """Return a rolling update without unavailable pods, or Recreate if only one pod may run."""
    if rollout.alone:
        return apps.v1.DeploymentStrategyArgs(type="Recreate")
    return apps.v1.DeploymentStrategyArgs(
        type="RollingUpdate",
        rolling_update=apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
    )
