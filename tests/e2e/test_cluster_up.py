"""From the first `up` on a cluster to the last `destroy`, and what survives in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from tests.e2e.conftest import NewClusterStack
from tests.support.e2e import http
from tests.support.e2e.cluster import CONTEXT, OPEN, Cluster, ClusterStack
from tests.support.e2e.credentials import STRONG, TOKEN
from tests.support.e2e.printed import delete_data
from tests.support.e2e.stack import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stack(new_cluster_stack: NewClusterStack, shared_volumes: None) -> Iterator[ClusterStack]:
    stack = new_cluster_stack(
        runtime="production", kubernetes={"replicas": 2}, registry={"repository": "cluster"}, edge=OPEN
    )
    stack.secret("environment.jwtSecret", STRONG)
    stack.secret("environment.secretVariables.API_TOKEN", TOKEN)
    stack.up().ok()  # without the policy pack, which stops a node's port without TLS
    yield stack


def test_it_is_healthy_through_the_service_from_outside(stack: ClusterStack, cluster: Cluster) -> None:
    outputs = stack.outputs()
    assert http.get(stack.url, "/health").json()["status"] == "healthy"
    assert outputs["image"].endswith(outputs["digest"])
    pods = stack.ready(cluster, 2)
    assert {pod.spec.containers[0].image for pod in pods} == {outputs["image"]}
    assert {pod.status.container_statuses[0].image_id.split("@")[1] for pod in pods} == {outputs["digest"]}


def test_only_restricted_pods_are_admitted(stack: ClusterStack, cluster: Cluster) -> None:
    with pytest.raises(ApiException) as caught:
        cluster.core.create_namespaced_pod(stack.namespace, _root_pod(stack.outputs()["image"]))
    assert caught.value.status == 403
    assert "violates PodSecurity" in str(caught.value.body)


def _root_pod(image: str) -> dict[str, Any]:
    container = {"name": "bad", "image": image, "securityContext": {"runAsUser": 0, "privileged": True}}
    return {"metadata": {"name": "bad"}, "spec": {"containers": [container]}}


def test_the_pod_runs_hardened_and_without_a_token(stack: ClusterStack, cluster: Cluster) -> None:
    for pod in stack.ready(cluster, 2):
        container, spec = pod.spec.containers[0], pod.spec
        assert spec.security_context.run_as_user == 65532 and spec.security_context.fs_group == 65532
        assert container.security_context.read_only_root_filesystem is True
        assert container.security_context.capabilities.drop == ["ALL"]
        assert "/var/run/secrets" not in str(container.volume_mounts)
        assert container.resources.limits.keys() == {"cpu", "memory", "ephemeral-storage"}
        assert pod.status.qos_class == "Burstable"


def test_no_change_is_no_change(stack: ClusterStack) -> None:
    stack.up("--expect-no-changes").ok()
    stack.preview("--expect-no-changes").ok()


def test_a_pod_counts_once_this_clusters_name_servers_know_it(stack: ClusterStack, cluster: Cluster) -> None:
    assert _wait(stack, cluster) == cluster.dns_seconds
    assert "kubernetes.dnsSeconds" not in stack.preview().ok().text, "nothing had to be guessed"


def test_another_wait_restarts_no_pod(stack: ClusterStack, cluster: Cluster) -> None:
    """As for a stack that was deployed when the wait was the same for every cluster."""
    before = {pod.metadata.name for pod in stack.ready(cluster, 2)}
    stack.write(kubernetes={"dnsSeconds": 15})
    stack.up().ok()
    assert _wait(stack, cluster) == 15
    del stack.config["kubernetes"]["dnsSeconds"]
    stack.write()
    stack.up().ok()
    assert _wait(stack, cluster) == cluster.dns_seconds
    assert {pod.metadata.name for pod in stack.ready(cluster, 2)} == before


def _wait(stack: ClusterStack, cluster: Cluster) -> int:
    """How long a new pod of the application must be ready before it counts, in seconds."""
    return int(cluster.apps.read_namespaced_deployment(stack.namespace, stack.namespace).spec.min_ready_seconds)


def test_no_secret_is_in_the_clear_and_the_process_has_its_own(stack: ClusterStack, cluster: Cluster) -> None:
    said = stack.pulumi("stack", "export").text + json.dumps(stack.outputs()) + stack.preview("--diff").text
    said += "".join(file.read_text(errors="replace") for file in stack.backend.rglob("*") if file.is_file())
    for kind in ("pods", "deployments", "secrets", "configmaps", "replicasets", "events"):
        said += stack.kubectl("describe", kind).ok().text
    said += stack.kubectl("logs", "--selector", f"app.kubernetes.io/instance={stack.namespace}").ok().text
    assert STRONG not in said and TOKEN not in said
    made = cluster.core.list_namespaced_secret(stack.namespace).items
    assert all(one.immutable for one in made)
    [secret] = [one for one in made if list(one.data) == ["API_TOKEN"]]
    assert [sorted(one.data) for one in made if one is not secret] == [["jwt.map", "keys.map", "users.cfg"]]
    env = {one.name: one for one in stack.ready(cluster, 2)[0].spec.containers[0].env}
    assert env["API_TOKEN"].value_from.secret_key_ref.name == secret.metadata.name


def test_a_changed_setting_rolls_the_pods_and_is_in_effect(stack: ClusterStack, cluster: Cluster) -> None:
    before, old = stack.outputs(), {pod.metadata.name for pod in stack.ready(cluster, 2)}
    for path, value in (("logging.format", "text"), ("environment.logLevel", "WARN")):
        stack.pulumi("config", "set", "--path", f"mimir:{path}", value, "--stack", stack.name).ok()
    stack.up().ok()
    new = stack.ready(cluster, 2)
    assert old.isdisjoint(pod.metadata.name for pod in new)
    url = "http://127.0.0.1:8080/api/v1/config"  # from inside: the edge serves it to nobody
    asked = ("/probe", "config", "--expect", "logging.level=warn", "--expect", "logging.format=text", url)
    stack.kubectl("exec", new[0].metadata.name, "--", *asked).ok()
    maps = {one.metadata.name for one in cluster.core.list_namespaced_config_map(stack.namespace).items}
    assert before["volumes"]["config"] not in maps, "the old configuration is gone"
    assert stack.outputs()["volumes"]["config"] in maps


def test_data_survives_the_pods(stack: ClusterStack, cluster: Cluster) -> None:
    url = stack.url
    http.note(url, "outlives its pod")
    old = stack.ready(cluster, 2)
    for pod in old:
        cluster.core.delete_namespaced_pod(pod.metadata.name, stack.namespace, grace_period_seconds=0)
    names = {pod.metadata.name for pod in old}
    eventually("new pods", lambda: names.isdisjoint(pod.metadata.name for pod in stack.ready(cluster, 2)), 60)
    # All of them at once, and with no time to say so: the cluster's DNS tells the old addresses for seconds more.
    eventually("the edge has found them", lambda: "outlives its pod" in http.notes(url), 60)


def test_two_pods_see_the_same_data(stack: ClusterStack, cluster: Cluster) -> None:
    """Through the volume itself: each pod is asked at its own address."""
    url = stack.url
    http.note(url, "seen by all")
    stack.ready(cluster, 2)
    for _ in range(20):  # each a new connection, so both pods answer some
        assert "seen by all" in http.notes(url)


def test_destroy_keeps_the_data_and_the_next_up_has_it(stack: ClusterStack, cluster: Cluster) -> None:
    said = stack.ops("destroy").ok().text
    assert stack.namespace in said and f"kubectl --context {CONTEXT} delete namespace" in said
    claims = {one.metadata.name for one in cluster.core.list_namespaced_persistent_volume_claim(stack.namespace).items}
    assert claims == {f"{stack.namespace}-{name}" for name in ("data", "logs", "plugins")}
    for left in ("deployments,services", "networkpolicies", "poddisruptionbudgets", "secrets"):
        assert "No resources found" in stack.kubectl("get", left).text
    stack.up().ok()
    assert "outlives its pod" in http.notes(stack.url)


def test_a_plain_destroy_refuses_to_delete_data(stack: ClusterStack) -> None:
    assert "protected" in stack.pulumi("destroy", "--yes", "--stack", stack.name).failed().text
    assert "outlives its pod" in http.notes(stack.url)


def test_what_destroy_says_removes_the_rest(stack: ClusterStack, cluster: Cluster) -> None:
    delete_data(stack, stack.ops("destroy").ok().text)
    eventually("the namespace is gone", lambda: not cluster.has_namespace(stack.namespace), 90)
    assert "kubernetes:core" not in stack.pulumi("stack", "--stack", stack.name, "--show-urns").text


def test_production_as_it_is_committed_runs(
    new_cluster_stack: NewClusterStack, cluster: Cluster, shared_volumes: None
) -> None:
    """Pulumi.prod.yaml, with what it asks of its user, and the sample in place of a download."""
    stack = new_cluster_stack()
    committed = yaml.safe_load((stack.folder / "Pulumi.prod.yaml").read_text())
    committed.pop("encryptionsalt", None)  # of a checkout that has been deployed from
    committed["config"]["mimir:environment"].pop("jwtSecret", None)
    stack.file.write_text(yaml.safe_dump(committed))
    context = f"mimir:kubernetes.context {CONTEXT}"
    stack.pulumi("config", "set", "--path", *context.split(), "--stack", stack.name).ok()
    stack.secret("environment.jwtSecret", STRONG)
    said = stack.ops("up", "--source", "sample").ok().text
    assert "mimir:edge.tls.mode: selfSigned" in said, "what clients will not trust is said"
    outputs = stack.outputs()
    assert len(stack.ready(cluster, 2)) == len(stack.ready(cluster, 2, "edge")) == 2
    assert outputs["url"] == f"https://{stack.namespace}.{stack.namespace}.svc:8080"
    address = cluster.core.read_namespaced_service(stack.namespace, stack.namespace).spec
    assert address.type == "ClusterIP" and not address.ports[0].node_port
    assert address.selector["app.kubernetes.io/component"] == "edge"
    assert "Nothing to change" in stack.ops("up", "--source", "sample").ok().text
