"""Requests while pods come and go: none fails, and without the graceful end some do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from tests.e2e.conftest import NewClusterStack
from tests.support.e2e.cluster import Cluster, ClusterStack
from tests.support.e2e.load import Load
from tests.support.e2e.stack import eventually

pytestmark = pytest.mark.e2e

CALM_REQUESTS = 500
"""Requests before and after each change, so that it happens in the middle of the load."""


@pytest.fixture(scope="module")
def stack(new_cluster_stack: NewClusterStack, shared_volumes: None) -> Iterator[ClusterStack]:
    stack = new_cluster_stack(
        kubernetes={"replicas": 2, "rolloutSeconds": 120},
        network={"ingress": [{"cidr": "0.0.0.0/0"}]},  # this machine, which may be outside of the cluster
        probe={"intervalSeconds": 5, "timeoutSeconds": 5, "startPeriodSeconds": 30},
    )
    stack.up().ok()
    yield stack


def more(load: Load, count: int = CALM_REQUESTS) -> None:
    """Wait until the load has sent `count` more requests."""
    goal = load.sent + count
    eventually(f"{count} more requests", lambda: load.sent >= goal, 60)


def roll(stack: ClusterStack, load: Load, jobs: int) -> None:
    """Change the configuration, which replaces every pod, in the middle of a load."""
    more(load)
    stack.write(environment={"maxJobs": jobs})
    stack.up().ok()
    more(load)


def test_no_request_fails_while_an_update_rolls(stack: ClusterStack, cluster: Cluster) -> None:
    old = {pod.metadata.name for pod in stack.ready(cluster, 2)}
    with Load(stack.url) as load:
        roll(stack, load, 11)
        eventually("the old pods are gone", lambda: old.isdisjoint(_all_names(stack, cluster)), 90)
        more(load)
    print(f"rolling update: {load.report}")
    assert load.report.failed == 0, load.report


def _all_names(stack: ClusterStack, cluster: Cluster) -> set[str]:
    return {pod.metadata.name for pod in cluster.core.list_namespaced_pod(stack.namespace).items}


def test_no_request_fails_when_a_pod_is_deleted(stack: ClusterStack, cluster: Cluster) -> None:
    victim = stack.ready(cluster, 2)[0].metadata.name
    with Load(stack.url) as load:
        more(load)
        cluster.core.delete_namespaced_pod(victim, stack.namespace)
        eventually("the pod is gone", lambda: victim not in _all_names(stack, cluster), 90)
        stack.ready(cluster, 2)
        more(load)
    print(f"pod deletion: {load.report}")
    assert load.report.failed == 0, load.report


def test_the_budget_lets_pods_go_one_at_a_time(stack: ClusterStack, cluster: Cluster) -> None:
    """What a drain of the node does: it evicts every pod, and repeats what the budget refuses."""
    first, second = (pod.metadata.name for pod in stack.ready(cluster, 2))
    evict(stack, cluster, first)
    with pytest.raises(ApiException) as caught:
        evict(stack, cluster, second)
    assert caught.value.status == 429, "the budget keeps one"
    eventually("the second may go once the first is replaced", lambda: _evicted(stack, cluster, second), 90)
    stack.ready(cluster, 2)


def evict(stack: ClusterStack, cluster: Cluster, pod: str) -> None:
    """Evict a pod, as `kubectl drain` does."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": stack.namespace}}
    cluster.core.create_namespaced_pod_eviction(pod, stack.namespace, body)


def _evicted(stack: ClusterStack, cluster: Cluster, pod: str) -> bool:
    try:
        evict(stack, cluster, pod)
    except ApiException as error:
        if error.status == 429:
            return False
        raise
    return True


def test_a_drain_that_has_nowhere_to_go_leaves_one_pod_serving(stack: ClusterStack, cluster: Cluster) -> None:
    """Nowhere to go: a quota of the namespace keeps replacements away. A cordoned node would disturb other tests."""
    names = [pod.metadata.name for pod in stack.ready(cluster, 2)]
    quota = {"metadata": {"name": "no-replacements"}, "spec": {"hard": {"pods": "1"}}}
    cluster.core.create_namespaced_resource_quota(stack.namespace, quota)
    try:
        eventually("a quota in force", lambda: _quota(stack, cluster).status.used, 30)
        with Load(stack.url, clients=4) as load:
            evict(stack, cluster, names[0])
            eventually("the first is gone", lambda: names[0] not in _all_names(stack, cluster), 60)
            more(load, 100)
            with pytest.raises(ApiException) as caught:
                evict(stack, cluster, names[1])
            more(load, 100)
    finally:
        cluster.core.delete_namespaced_resource_quota("no-replacements", stack.namespace)
        try_again_at_once(stack)
    assert caught.value.status == 429, "the budget keeps the last one"
    assert load.report.failed == 0, load.report
    stack.ready(cluster, 2)


def try_again_at_once(stack: ClusterStack) -> None:
    """The controller waits longer after each refused pod, up to minutes, unless its ReplicaSet changes."""
    stack.kubectl("annotate", "replicaset", "--all", "--overwrite", "mimir.test/quota=gone").ok()


def _quota(stack: ClusterStack, cluster: Cluster) -> Any:
    return cluster.core.read_namespaced_resource_quota("no-replacements", stack.namespace)


def test_more_and_fewer_pods(stack: ClusterStack, cluster: Cluster) -> None:
    stack.write(kubernetes={"replicas": 3})
    stack.up().ok()
    assert len(stack.ready(cluster, 3)) == 3
    with Load(stack.url, clients=4) as load:
        stack.write(kubernetes={"replicas": 1})
        stack.up().ok()
        stack.ready(cluster, 1)
        more(load, 100)
    assert load.report.failed == 0, load.report


def test_an_autoscaler_decides_instead(stack: ClusterStack, cluster: Cluster) -> None:
    """The cluster has no metrics, so what can be seen is its lower bound, which it keeps without them."""
    stack.write(autoscaling={"minReplicas": 2, "maxReplicas": 3})
    del stack.config["kubernetes"]["replicas"]
    stack.write()
    stack.up().ok()
    stack.ready(cluster, 2)
    stack.up("--expect-no-changes").ok()
    del stack.config["autoscaling"]
    stack.write(kubernetes={"replicas": 2})
    stack.up().ok()


def test_an_autoscaler_that_is_switched_on_ends_no_pod(stack: ClusterStack, cluster: Cluster) -> None:
    """The number is handed over: a Deployment without one goes back to a single pod before the autoscaler decides."""
    stack.write(kubernetes={"replicas": 4})
    stack.up().ok()
    before = {pod.metadata.name for pod in stack.ready(cluster, 4)}
    del stack.config["kubernetes"]["replicas"]
    stack.write(autoscaling={"minReplicas": 4, "maxReplicas": 5})
    stack.up().ok()
    assert before <= {pod.metadata.name for pod in stack.ready(cluster, 4)}, "not even for a moment"
    stack.write(environment={"maxJobs": 14})  # an update after the autoscaler has taken over
    stack.up().ok()
    assert len(stack.ready(cluster, 4)) == 4
    del stack.config["autoscaling"]
    stack.write(kubernetes={"replicas": 4})
    after = {pod.metadata.name for pod in stack.ready(cluster, 4)}
    stack.up().ok()
    assert after <= {pod.metadata.name for pod in stack.ready(cluster, 4)}
    stack.write(kubernetes={"replicas": 2})
    stack.up().ok()
    stack.ready(cluster, 2)


def test_without_a_graceful_end_requests_do_fail(stack: ClusterStack, cluster: Cluster) -> None:
    """So the tests above can fail: the pod is told to end while the Service still sends it requests."""
    stack.write(shutdown={"preStopSeconds": 0}, environment={"maxJobs": 12})
    stack.up().ok()
    stack.ready(cluster, 2)
    with Load(stack.url) as load:
        roll(stack, load, 13)
    print(f"without preStop: {load.report}")
    assert load.report.failed > 0, load.report
