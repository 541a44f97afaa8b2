"""Whether a rollout is complete, as the cluster says: an update is not called good while its pods are not there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.constants import NOT_COMPLETE
from components.edge.edge_spec import METRICS_PORT
from components.kubernetes.scope import Scope
from components.kubernetes.workload import rollout, workload
from components.kubernetes.workload.rollout import RolloutError
from tests.support.fake_cluster import MIMIR, SETTINGS, Api
from tests.support.fake_rollout import PODS, SETS

DEPLOYMENT = "/apis/apps/v1/namespaces/mimir-dev/deployments/mimir-dev"
STARTED = f"{PODS}/mimir-dev-edge-1:{METRICS_PORT}/proxy/started"


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


def test_the_limit_counts_from_the_beginning_of_the_update(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider has waited already, as long as the limit, and said that the pods are there."""
    api.there[DEPLOYMENT] = deployment(availableReplicas=1)
    api.there[SETS] = {"items": []}
    api.there[PODS] = {"items": []}
    now = 1000.0
    monkeypatch.setattr(rollout, "time", SimpleNamespace(monotonic=lambda: now, sleep=lambda _: pytest.fail("waited")))
    limit = SETTINGS.kubernetes.rollout_seconds
    with pytest.raises(RolloutError):
        rollout.require(Scope(SETTINGS, MIMIR, api.cluster, "mimir-dev"), "application", since=now - limit - 1)


@pytest.fixture
def edge(api: Api, monkeypatch: pytest.MonkeyPatch) -> Scope:
    """An edge of two pods, complete as far as its Deployment says; the second one is on its way out."""
    leaving = {"name": "mimir-dev-edge-2", "deletionTimestamp": "2026-01-01T00:00:00Z"}
    api.there[f"{DEPLOYMENT}-edge"] = deployment()
    api.there[PODS] = {"items": [{"metadata": {"name": "mimir-dev-edge-1"}}, {"metadata": leaving}]}
    monkeypatch.setattr(rollout, "POLL_SECONDS", 0.0)
    return Scope(SETTINGS, MIMIR, api.cluster, "mimir-dev")


def test_an_edge_is_complete_when_it_has_found_the_application(api: Api, edge: Scope) -> None:
    answers = iter([(503, "no replica yet"), (200, "started")])
    api.there[STARTED] = lambda _: next(answers)
    rollout.require(edge, "edge")
    assert next(answers, None) is None, "it was asked until it had found a replica"
    assert not [line for line in api.asked if "mimir-dev-edge-2" in line]


def test_an_edge_without_a_replica_fails_the_update(api: Api, edge: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its Deployment is available all the time: its pods answer, with 503."""
    api.there[STARTED] = (503, "no replica yet")
    clock = iter(range(0, 10_000, 50))
    monkeypatch.setattr(rollout, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _: None))
    with pytest.raises(RolloutError, match=r"no live replica .* 503: mimir-dev-edge-1\.") as error:
        rollout.require(edge, "edge")
    assert "kube-system get pods" in str(error.value)


@pytest.mark.parametrize("answer", [403, (503, "error trying to reach service: dial tcp: i/o timeout")])
def test_an_edge_that_cannot_be_asked_counts_as_complete(api: Api, edge: Scope, answer: Any) -> None:
    """Not everybody may use the API server's proxy, and it does not reach every pod."""
    api.there[STARTED] = answer
    rollout.require(edge, "edge")


class TestPreview:
    """Where nothing would change an update can be left out, but not where it would wait."""

    @pytest.fixture
    def warnings(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        warnings: list[str] = []
        monkeypatch.setattr(pulumi.log, "warn", warnings.append)
        return warnings

    def test_a_complete_rollout_needs_no_warning(self, api: Api, edge: Scope, warnings: list[str]) -> None:
        api.there[STARTED] = "started"
        rollout.warn(edge, "edge")
        assert warnings == []

    def test_an_edge_without_a_replica(self, api: Api, edge: Scope, warnings: list[str]) -> None:
        api.there[STARTED] = (503, "no replica yet")
        rollout.warn(edge, "edge")
        assert [text.startswith(f"{NOT_COMPLETE}These pods of the edge") for text in warnings] == [True]

    def test_pods_that_are_not_available(self, api: Api, edge: Scope, warnings: list[str]) -> None:
        api.there[DEPLOYMENT] = deployment(availableReplicas=1)
        rollout.warn(edge, "application")
        assert [text.startswith(f"{NOT_COMPLETE}workload mimir-dev:") for text in warnings] == [True]

    @pytest.mark.parametrize("answer", [403, 404, "<html>"])
    def test_what_cannot_be_read_is_no_warning(self, api: Api, edge: Scope, warnings: list[str], answer: Any) -> None:
        api.there[f"{DEPLOYMENT}-edge"] = answer
        rollout.warn(edge, "edge")
        assert warnings == []

    @pytest.mark.parametrize(("preview", "calls"), [(True, ["warn"]), (False, ["require"])])
    def test_a_preview_warns_and_an_update_waits(
        self, edge: Scope, monkeypatch: pytest.MonkeyPatch, preview: bool, calls: list[str]
    ) -> None:
        made: list[str] = []
        monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
        for name in ("warn", "require"):
            monkeypatch.setattr(rollout, name, lambda *_, name=name, **__: made.append(name))
        assert workload._complete(edge, "edge", "mimir-dev-edge", ()) == "mimir-dev-edge"
        assert made == calls
