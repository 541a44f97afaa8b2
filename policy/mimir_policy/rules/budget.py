"""PodDisruptionBudgets must not block the drain of a node."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from mimir_policy.on_kubernetes import pod_of
from mimir_policy.resource import Resource
from mimir_policy.rule import Rule, Settings, Violation
from mimir_policy.values import dig, is_known, mapping


def _budgets(resources: Sequence[Resource], _: Settings) -> Iterator[Violation]:
    for budget in resources:
        if (
            not budget.on_kubernetes
            or budget.kind != "PodDisruptionBudget"
            or not is_known(dig(budget.properties, "spec"))
        ):
            continue
        pods = sum(_pods(workload, resources) for workload in resources if _selects(workload, budget))
        least, most = (dig(budget.properties, "spec", key) for key in ("minAvailable", "maxUnavailable"))
        if most is not None and _share(most, pods or 1) == 0:
            yield Violation("spec.maxUnavailable", most, "at least 1", budget)
        elif least is not None and _blocks(least, pods):
            allowed = f"less than the {pods} pods that it is for" if pods else "less than every pod"
            yield Violation("spec.minAvailable", least, f"{allowed}, or rather `maxUnavailable: 1`", budget)


def _selects(resource: Resource, budget: Resource) -> bool:
    """Whether a budget selects the pods of a workload."""
    pod = pod_of(resource)
    selector = mapping(dig(budget.properties, "spec", "selector", "matchLabels"))
    if not pod or resource.namespace != budget.namespace:
        return False
    return all(pod.labels.get(name) == value for name, value in selector.items())


def _pods(workload: Resource, resources: Sequence[Resource]) -> int:
    """The minimum number of pods of a workload in normal operation."""
    for scaler in resources:
        target = dig(scaler.properties, "spec", "scaleTargetRef")
        if dig(target, "kind") == workload.kind and dig(target, "name") == workload.object_name:
            return _integer(dig(scaler.properties, "spec", "minReplicas"))
    return _integer(dig(workload.properties, "spec", "replicas"))


def _integer(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 1


def _share(value: Any, pods: int) -> int | None:
    """How many of `pods` a number or a percentage is; both are rounded up, as Kubernetes does it."""
    text = str(value)
    if text.endswith("%") and text[:-1].isdigit():
        return math.ceil(int(text[:-1]) * pods / 100)
    return int(float(text)) if text.replace(".", "", 1).isdigit() else None


def _blocks(least: Any, pods: int) -> bool:
    share = _share(least, pods or 1)
    return str(least) == "100%" or (share is not None and pods > 0 and share >= pods)


RULES = (
    Rule(
        name="budget",
        what="A PodDisruptionBudget lets at least one pod go, so that a node can be drained.",
        why="Kubernetes: Disruptions (a budget of zero blocks every drain, and so every patch of a node); "
        "NIST SP 800-190 4.5.3",
        fix="set maxUnavailable to 1, or run more pods than minAvailable",
        severity="medium",
        of_stack=_budgets,
    ),
)
