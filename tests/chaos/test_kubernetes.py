"""A stack on the test cluster: what a node, an operator or a neighbour does to it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.chaos.conftest import NewCase
from tests.e2e.conftest import EDGE, NewClusterStack
from tests.support.chaos import faults
from tests.support.chaos.case import AWAY, NOTHING, registry_away
from tests.support.e2e.cluster import OPEN, Cluster, ClusterStack
from tests.support.e2e.stack import eventually

pytestmark = pytest.mark.e2e

PLATFORM = "kubernetes"
BACK_SECONDS = 120
UNREACHED = 40
"""Most requests that may fail while a new pod is ready and cannot be reached yet: four clients, ten tries."""
DNS_AWAY_REQUESTS = 15_000
"""More than HAProxy's former limit of 30 s for a name that nobody answers for; the clients pause between two."""


@pytest.fixture(scope="module")
def stack(new_cluster_stack: NewClusterStack, shared_volumes: None) -> Iterator[ClusterStack]:
    stack = new_cluster_stack(
        kubernetes={"replicas": 2, "rolloutSeconds": 120}, edge={**OPEN, "rateLimit": EDGE["rateLimit"]}
    )
    stack.up().ok()
    yield stack


def delete_a_pod(stack: ClusterStack, cluster: Cluster, part: str) -> None:
    """`kubectl delete pod` of one of two."""
    victim = stack.ready(cluster, 2, part)[0].metadata.name
    cluster.core.delete_namespaced_pod(victim, stack.namespace)


@pytest.mark.alone
@pytest.mark.parametrize("part", ["application", "edge"])
def test_a_deleted_pod_is_not_missed(stack: ClusterStack, cluster: Cluster, new_case: NewCase, part: str) -> None:
    with new_case(PLATFORM, f"kubectl delete pod of the {part}", stack, stack.url) as case:
        delete_a_pod(stack, cluster, part)
        stack.ready(cluster, 2, part)
        case.converge()


@pytest.mark.parametrize("part", ["application", "edge"])
def test_deleted_deployments_are_made_anew(stack: ClusterStack, cluster: Cluster, new_case: NewCase, part: str) -> None:
    with new_case(PLATFORM, f"kubectl delete deployment of the {part}", stack, stack.url, None) as case:
        selector = f"app.kubernetes.io/component={part}"
        stack.kubectl("delete", "deployment", "--selector", selector).ok()
        case.converge("refresh")


def scale_to_none(stack: ClusterStack) -> None:
    """`kubectl scale --replicas=0`."""
    stack.kubectl("scale", "deployment", "--replicas=0", "--selector", "app.kubernetes.io/component=application").ok()


def set_variable(stack: ClusterStack) -> None:
    """`kubectl set env`."""
    stack.kubectl("set", "env", "deployment", "--selector", "app.kubernetes.io/component=application", "FOREIGN=1").ok()


def take_the_limits(stack: ClusterStack) -> None:
    """`kubectl apply --server-side --force-conflicts` of another memory limit."""
    listed = stack.kubectl("get", "deployment", "-l", "app.kubernetes.io/component=application", "-o", "name").ok()
    name = listed.text.strip().partition("/")[2]
    patch = '{"spec":{"template":{"spec":{"containers":[{"name":"%s","resources":{"limits":{"memory":"300Mi"}}}]}}}}'
    container = stack.kubectl("get", "deployment", name, "-o", "jsonpath={.spec.template.spec.containers[0].name}").ok()
    stack.kubectl("patch", "deployment", name, "--field-manager=somebody", "-p", patch % container.text.strip()).ok()


@pytest.mark.alone
@pytest.mark.parametrize(
    ("fault", "most_failed"),
    [(scale_to_none, None), (set_variable, 0), (take_the_limits, 0)],
    ids=["scale", "set-env", "patch"],
)
def test_what_somebody_changed_is_taken_back(
    stack: ClusterStack,
    cluster: Cluster,
    new_case: NewCase,
    fault: Callable[[ClusterStack], None],
    most_failed: int | None,
) -> None:
    with new_case(PLATFORM, str(fault.__doc__).rstrip("."), stack, stack.url, most_failed) as case:
        fault(stack)
        assert stack.ops("drift", "--detailed-exitcode").code != 0, "drift is seen"
        case.converge("refresh")
        assert stack.ops("drift", "--detailed-exitcode").code == 0, "nothing of it is left"
        stack.ready(cluster, 2)


@contextmanager
def without_name_servers(cluster: Cluster) -> Iterator[None]:
    """CoreDNS scaled to none."""
    before: Any = cluster.apps.read_namespaced_deployment("coredns", "kube-system").spec.replicas

    def scale(replicas: int) -> None:
        cluster.apps.patch_namespaced_deployment_scale("coredns", "kube-system", {"spec": {"replicas": replicas}})

    def running() -> int:
        pods = cluster.core.list_namespaced_pod("kube-system", label_selector="k8s-app=kube-dns").items
        return sum(1 for pod in pods if pod.metadata.deletion_timestamp is None)

    scale(0)
    try:
        eventually("the end of CoreDNS", lambda: running() == 0, 60)
        yield
    finally:
        scale(before)
        eventually("CoreDNS", lambda: running() == before, 60)


@pytest.mark.alone
def test_name_servers_that_are_away_harm_nobody(stack: ClusterStack, cluster: Cluster, new_case: NewCase) -> None:
    with new_case(PLATFORM, "CoreDNS away for longer than its answers live", stack, stack.url) as case:
        with without_name_servers(cluster):
            case.answers(DNS_AWAY_REQUESTS, 120)
        case.converge()


@pytest.mark.alone
def test_a_registry_that_is_away_harms_nobody(stack: ClusterStack, new_case: NewCase) -> None:
    with new_case(PLATFORM, AWAY, stack, stack.url) as case:
        registry_away(case, stack)


@pytest.mark.alone
@pytest.mark.parametrize(
    ("parts", "most_failed"),
    [
        (("apiserver",), 0),
        (("kubelet",), 0),
        (("controller-manager", "scheduler"), 0),
        (("containerd",), None),
        ((), None),
    ],
    ids=["api-server", "kubelet", "controllers", "containerd", "all"],
)
def test_killed_programs_of_the_node(
    stack: ClusterStack, new_case: NewCase, parts: tuple[str, ...], most_failed: int | None
) -> None:
    daemons = faults.cluster_daemons()
    chosen = parts or tuple(daemons)
    name = f"kill -9 of {' and '.join(parts) or 'every program of the node'}"
    with new_case(PLATFORM, name, stack, stack.url, most_failed) as case:
        for part in chosen:
            faults.kill(daemons[part], signal.SIGKILL)
        faults.start_again("cluster")
        case.serves(BACK_SECONDS)
        case.converge(NOTHING)


@pytest.mark.alone
def test_an_api_server_that_dies_during_an_update(stack: ClusterStack, new_case: NewCase) -> None:
    """The pods' network also waits for the API server: a new pod can be ready before the edge may reach it.

    An agent of network policies learns of a new pod from the API server, and asks again up to half a minute after the
    server is back. Kubernetes does not wait for it, so a few requests may fail here.
    """
    daemons = faults.cluster_daemons()
    with new_case(PLATFORM, "kill -9 of apiserver during an update", stack, stack.url, UNREACHED) as case:
        stack.write(environment={"maxJobs": 17})
        update = stack.start_up()
        eventually("the rollout", lambda: "maxJobs" in stack.file.read_text() and _rolls(stack), 120)
        faults.kill(daemons["apiserver"], signal.SIGKILL)
        faults.start_again("cluster")
        update.wait(300)
        case.converge("up")


def _rolls(stack: ClusterStack) -> bool:
    """Whether a Deployment has been changed that is not complete."""
    path = "jsonpath={range .items[*]}{.status.replicas}/{.status.updatedReplicas} {end}"
    listed = stack.kubectl("get", "deployment", "-o", path)
    return listed.code == 0 and any(one.split("/")[0] != one.split("/")[1] for one in listed.text.split())


@pytest.mark.alone
def test_autoscaling_takes_no_pod_away(stack: ClusterStack, cluster: Cluster, new_case: NewCase) -> None:
    """Nobody counts them for a moment when the field is handed over."""
    with new_case(PLATFORM, "autoscaling switched on", stack, stack.url) as case:
        before = {pod.metadata.uid for pod in stack.ready(cluster, 2)}
        stack.write(autoscaling={"minReplicas": 2, "maxReplicas": 3})
        kept = stack.config["kubernetes"].pop("replicas")
        stack.write()
        case.converge("up")
        assert before <= {pod.metadata.uid for pod in stack.pods(cluster)}, "a pod was taken away"
        del stack.config["autoscaling"]
        stack.write(kubernetes={"replicas": kept})
        stack.ops("up").ok()
        assert before <= {pod.metadata.uid for pod in stack.pods(cluster)}, "a pod was taken away"
