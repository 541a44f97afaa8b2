"""What the end-to-end tests find out about a cluster that somebody names, asked of API servers that only pretend."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from tests.support.e2e import assumptions, cluster
from tests.support.e2e.cluster import Cluster, ClusterStack

NAMED = "kind-mimir"


class Core:
    """As much of the core API as a claim needs, and what was done with it."""

    def __init__(self, phase: str, *events: str) -> None:
        self.phase, self.events = phase, [SimpleNamespace(reason=reason) for reason in events]
        self.created: list[Any] = []
        self.deleted: list[str] = []

    def create_namespace(self, body: Any) -> None:
        self.created.append(body["metadata"]["name"])

    def create_namespaced_persistent_volume_claim(self, namespace: str, body: Any) -> None:
        self.created.append(body)

    create_namespaced_pod = create_namespaced_persistent_volume_claim

    def read_namespaced_persistent_volume_claim(self, name: str, namespace: str) -> Any:
        return SimpleNamespace(status=SimpleNamespace(phase=self.phase))

    def list_namespaced_event(self, namespace: str) -> Any:
        return SimpleNamespace(items=self.events)

    def delete_namespace(self, name: str) -> None:
        self.deleted.append(name)


def pretending(core: Any, server: str = "https://127.0.0.1:41231") -> Cluster:
    """A cluster with this API."""
    made = Cluster.__new__(Cluster)
    made.core, made.server = core, server
    return made


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assumptions, "CONTEXT", NAMED)


def test_what_a_named_cluster_lacks_skips_a_test_and_says_why(named: None) -> None:
    assumptions.need(True, "nodes")
    with pytest.raises(pytest.skip.Exception, match=f'"{NAMED}".*: one node'):
        assumptions.need(False, "one node")


def test_on_the_built_cluster_nothing_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assumptions, "CONTEXT", "mimir-test")
    with pytest.raises(pytest.fail.Exception, match="one node"):
        assumptions.need(False, "one node")
    assert assumptions.offers_shared_volumes(pretending(Core("Pending", "ProvisioningFailed")))


@pytest.mark.parametrize(
    ("core", "offered"),
    [
        (Core("Bound"), True),
        (Core("Bound", "ProvisioningFailed"), True),
        (Core("Pending", "ProvisioningFailed"), False),
        (Core("Pending", "WaitForFirstConsumer"), False),
    ],
    ids=["bound", "bound at last", "refused", "nobody says anything"],
)
def test_whether_volumes_can_be_shared_is_tried(
    named: None, monkeypatch: pytest.MonkeyPatch, core: Core, offered: bool
) -> None:
    monkeypatch.setattr(assumptions, "PROVISIONING_SECONDS", 0)
    assert assumptions.offers_shared_volumes(pretending(core)) is offered
    namespace, claim, pod = core.created
    assert core.deleted == [namespace], "nothing stays"
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"] and "storageClassName" not in claim["spec"]
    [volume] = pod["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"], "some classes wait for a pod"


def test_a_cluster_elsewhere_has_not_this_machines_registry(named: None) -> None:
    assumptions.need_local_registry(pretending(None))
    with pytest.raises(pytest.skip.Exception, match=r"https://10\.0\.0\.1"):
        assumptions.need_local_registry(pretending(None, "https://10.0.0.1:6443"))


@pytest.mark.parametrize(
    ("corefile", "seconds"),
    [
        (".:53 {\n    kubernetes cluster.local {\n        ttl 30\n    }\n    cache 30\n}", 32),
        (".:53 {\n    kubernetes cluster.local {\n        ttl 5\n    }\n    cache 30\n}", 7),
        (".:53 {\n    cache 30\n    kubernetes cluster.local\n}", 7),
        (None, 30),
    ],
    ids=["kubeadm's", "kind's script", "the built cluster's", "no CoreDNS"],
)
def test_how_long_name_servers_keep_an_answer_is_read_from_their_settings(corefile: str | None, seconds: int) -> None:
    def read(name: str, namespace: str) -> Any:
        assert (name, namespace) == ("coredns", "kube-system")
        if corefile is None:
            raise ApiException(status=404)
        return SimpleNamespace(data={"Corefile": corefile})

    assert pretending(SimpleNamespace(read_namespaced_config_map=read)).dns_seconds == seconds


@pytest.mark.parametrize(("node", "host"), [("127.0.0.2", "127.0.0.1"), ("203.0.113.7", "203.0.113.7")])
def test_a_stack_is_asked_at_its_node_unless_that_is_this_machine(
    monkeypatch: pytest.MonkeyPatch, node: str, host: str
) -> None:
    pod = SimpleNamespace(
        metadata=SimpleNamespace(deletion_timestamp=None),
        status=SimpleNamespace(host_ip=node, conditions=[SimpleNamespace(type="Ready", status="True")]),
    )
    listed = SimpleNamespace(list_namespaced_pod=lambda *_, **__: SimpleNamespace(items=[pod]))
    monkeypatch.setattr(cluster, "Cluster", lambda: pretending(listed))
    stack = ClusterStack.__new__(ClusterStack)
    stack.name, stack.config = "one", {"edge": {"kind": "none"}}
    monkeypatch.setattr(ClusterStack, "outputs", lambda _: {"url": "https://127.0.0.1:30123"})
    assert stack.url == f"https://{host}:30123"
