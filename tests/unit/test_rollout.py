"""Whether a rollout is complete, as the cluster says: an update is not called good while its pods are not there."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes import rollout
from components.kubernetes.rollout import RolloutError
from components.kubernetes.scope import Scope
from tests.unit.fake_cluster import MIMIR, SETTINGS, Api
from tests.unit.fake_rollout import PODS, SETS

DEPLOYMENT = "/apis/apps/v1/namespaces/mimir-dev/deployments/mimir-dev"


def deployment(**status: Any) -> dict[str, Any]:
    """A Deployment of two pods in its third generation, complete but for `status`."""
    complete = {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return {"metadata": {"generation": 3}, "spec": {"replicas": 2}, "status": {**complete, **status}}


def test_a_complete_rollout() -> None:
    assert rollout.is_complete(deployment())


@pytest.mark.parametrize(
    "status",
    [
        {"observedGeneration": 2},
        {"updatedReplicas": 1},
        {"replicas": 3},
        {"availableReplicas": 1},
        {"availableReplicas": None},
    ],
    ids=["of the version before", "pods to come", "an old pod", "not available", "none available"],
)
def test_an_incomplete_rollout(status: dict[str, Any]) -> None:
    without_empty = {name: value for name, value in deployment(**status)["status"].items() if value is not None}
    assert not rollout.is_complete({**deployment(), "status": without_empty})


def test_a_rollout_that_the_cluster_has_not_seen_yet_is_neither_complete_nor_given_up() -> None:
    exceeded = {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}
    assert rollout.is_given_up(deployment(**exceeded))
    assert not rollout.is_given_up(deployment(observedGeneration=2, **exceeded))
    assert not rollout.is_complete({"metadata": {"generation": 1}, "spec": {}})


def test_an_update_ends_when_the_rollout_is_complete(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([deployment(observedGeneration=2), deployment(updatedReplicas=1), deployment()])
    api.there[DEPLOYMENT] = lambda _: next(answers)
    monkeypatch.setattr(rollout, "POLL_SECONDS", 0.0)
    rollout.require(Scope(SETTINGS, MIMIR, api.cluster, "mimir-dev"), "application")
    assert next(answers, None) is None, "each answer was waited for"


def test_a_rollout_that_is_given_up_fails_the_update_with_the_reason(api: Api) -> None:
    exceeded = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]
    api.there[DEPLOYMENT] = deployment(availableReplicas=1, conditions=exceeded)
    api.there[SETS] = {"items": []}
    api.there[PODS] = {"items": []}
    with pytest.raises(RolloutError, match="Workload mimir-dev"):
        rollout.require(Scope(SETTINGS, MIMIR, api.cluster, "mimir-dev"), "application")


def test_a_cluster_that_does_not_answer_is_no_success(api: Api) -> None:
    with pytest.raises(RolloutError, match="does not tell"):
        rollout.require(Scope(SETTINGS, MIMIR, api.cluster, "mimir-dev"), "application")
