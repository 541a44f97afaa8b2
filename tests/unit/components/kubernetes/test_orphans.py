"""What an update that was killed left in a cluster: cleared away, unless it holds data, serves, or is not ours."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import pulumi
import pytest

from components.kubernetes import orphans
from tests.support.fake_cluster import LABELS, MIMIR, Api

KINDS = {
    "apps/v1:Deployment": "/apis/apps/v1/namespaces/mimir-dev/deployments/mimir-dev",
    "core/v1:Service": "/api/v1/namespaces/mimir-dev/services/mimir-dev",
    "core/v1:ServiceAccount": "/api/v1/namespaces/mimir-dev/serviceaccounts/mimir-dev",
    "core/v1:PersistentVolumeClaim": "/api/v1/namespaces/mimir-dev/persistentvolumeclaims/mimir-dev",
    "core/v1:Namespace": "/api/v1/namespaces/mimir-dev",
    "networking.k8s.io/v1:NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/mimir-dev/networkpolicies/mimir-dev",
    "policy/v1:PodDisruptionBudget": "/apis/policy/v1/namespaces/mimir-dev/poddisruptionbudgets/mimir-dev",
    "autoscaling/v2:HorizontalPodAutoscaler": (
        "/apis/autoscaling/v2/namespaces/mimir-dev/horizontalpodautoscalers/mimir-dev"
    ),
}
"""The kinds with names of our own choice, and where the API has each."""

HOLD_DATA = ["core/v1:PersistentVolumeClaim", "core/v1:Namespace"]
IDLE = [token for token in KINDS if token not in HOLD_DATA]


@pytest.fixture
def clear(api: Api, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the hook that the program registers before it creates an object."""
    made: list[Any] = []
    monkeypatch.setattr(pulumi, "ResourceHook", lambda name, callback: made.append(callback))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    discoverable(api)

    def run(token: str, ours: bool = False) -> None:
        orphans.binding("mimir", MIMIR, api.cluster, "mimir-volumes", ours=ours)
        inputs = {"metadata": {"name": "mimir-dev"}}
        urn = f"urn:pulumi:dev::mimir::mimir:Outer$mimir:Inner$kubernetes:{token}::mimir-volumes-data"
        made[-1](type("Args", (), {"type": f"kubernetes:{token}", "urn": urn, "new_inputs": inputs})())

    return run


def discoverable(api: Api) -> None:
    """Let the server say which kinds it has."""
    groups: list[dict[str, Any]] = []
    for token, path in KINDS.items():
        version, kind = token.split(":")
        prefix, _, rest = path.partition("/namespaces")
        plural = rest.split("/")[-2] if rest.count("/") > 1 else "namespaces"
        found = api.there.setdefault(prefix, {"kind": "APIResourceList", "resources": []})
        found["resources"].append({"name": plural, "kind": kind, "namespaced": kind != "Namespace", "verbs": ["get"]})
        if not version.startswith("core/"):
            only = {"groupVersion": version, "version": version.split("/")[1]}
            groups.append({"name": version.split("/")[0], "versions": [only], "preferredVersion": only})
    api.there["/apis"] = {"kind": "APIGroupList", "groups": groups}


def thing(labels: dict[str, str] | None = LABELS, **more: Any) -> dict[str, Any]:
    """An object that is in the cluster."""
    return {"kind": "Any", "metadata": {"name": "mimir-dev", **({} if labels is None else {"labels": labels})}, **more}


def refused(clear: Any, token: str) -> str:
    """What the user reads when nothing may be removed."""
    with pytest.raises(orphans.NameConflict) as caught:
        clear(token)
    return str(caught.value)


@pytest.mark.parametrize("token", KINDS)
def test_nothing_left_is_nothing_to_do(api: Api, clear: Any, token: str) -> None:
    clear(token)
    assert f"GET {KINDS[token]}" in api.asked, "it has looked"
    assert api.deleted == []


@pytest.mark.parametrize("token", IDLE)
def test_our_own_idle_object_goes_and_is_waited_for(api: Api, clear: Any, token: str) -> None:
    api.there[KINDS[token]] = thing()
    api.lingers = 3
    clear(token)
    assert [path for path, _ in api.deleted] == [KINDS[token]]
    assert api.deleted[0][1]["propagationPolicy"] == "Foreground", "with its pods, or they would go on holding volumes"
    assert api.asked[-1] == f"GET {KINDS[token]}"
    assert api.asked[-5:].count(f"GET {KINDS[token]}") == 4, "three times there, then gone"


def test_one_that_does_not_go_is_not_waited_for_for_ever(api: Api, clear: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.append(now.pop() + seconds * 20))
    api.there[KINDS["core/v1:Service"]] = thing()
    api.lingers = 100
    assert "Service mimir-dev, left by an update that was killed, is not gone" in refused(clear, "core/v1:Service")
    assert orphans.PATIENCE_SECONDS <= now[0] <= orphans.PATIENCE_SECONDS + 30


def test_a_workload_that_serves_stays(api: Api, clear: Any) -> None:
    api.there[KINDS["apps/v1:Deployment"]] = thing(status={"replicas": 2, "readyReplicas": 1})
    text = refused(clear, "apps/v1:Deployment")
    assert "serves in this cluster" in text
    assert text.endswith("kubectl --context test --namespace mimir-dev scale deployment mimir-dev --replicas=0")
    assert api.deleted == []


@pytest.mark.parametrize("token", [token for token in IDLE if token != "apps/v1:Deployment"])
def test_nothing_that_a_serving_workload_needs_is_touched(api: Api, clear: Any, token: str) -> None:
    api.there[KINDS["apps/v1:Deployment"]] = thing(status={"replicas": 2, "readyReplicas": 1})
    api.there[KINDS[token]] = thing()
    assert "mimir-dev serves in this cluster" in refused(clear, token)
    assert api.deleted == []


class TestEdge:
    """What belongs to the edge is judged by the edge's own pods."""

    LABELS: ClassVar = {**LABELS, "app.kubernetes.io/component": "edge"}
    WORKLOAD = "/apis/apps/v1/namespaces/mimir-dev/deployments/mimir-dev-edge"
    SERVICE = "core/v1:Service"

    def test_it_goes_though_the_application_serves(self, api: Api, clear: Any) -> None:
        """An update that was killed while it added an edge can be repeated."""
        api.there[KINDS["apps/v1:Deployment"]] = thing(status={"readyReplicas": 2})
        api.there[KINDS[self.SERVICE]] = thing(self.LABELS)
        clear(self.SERVICE)
        assert [path for path, _ in api.deleted] == [KINDS[self.SERVICE]]

    def test_it_stays_while_the_edge_serves(self, api: Api, clear: Any) -> None:
        api.there[self.WORKLOAD] = thing(self.LABELS, status={"readyReplicas": 2})
        api.there[KINDS[self.SERVICE]] = thing(self.LABELS)
        text = refused(clear, self.SERVICE)
        assert "mimir-dev-edge serves in this cluster" in text
        assert text.endswith("scale deployment mimir-dev-edge --replicas=0")
        assert api.deleted == []


def test_what_belongs_to_a_workload_that_this_stack_has_just_made_goes(api: Api, clear: Any) -> None:
    """The front door is made after the edge, which serves by then."""
    api.there[KINDS["apps/v1:Deployment"]] = thing(status={"readyReplicas": 2})
    api.there[KINDS["core/v1:Service"]] = thing()
    clear("core/v1:Service", ours=True)
    assert [path for path, _ in api.deleted] == [KINDS["core/v1:Service"]]


@pytest.mark.parametrize("status", [{}, {"replicas": 2, "unavailableReplicas": 2}, {"readyReplicas": 0}])
def test_a_workload_that_never_served_goes(api: Api, clear: Any, status: dict[str, int]) -> None:
    api.there[KINDS["apps/v1:Deployment"]] = thing(status=status)
    clear("apps/v1:Deployment")
    assert len(api.deleted) == 1


@pytest.mark.parametrize(
    ("token", "identifier"),
    [("core/v1:PersistentVolumeClaim", "mimir-dev/mimir-dev"), ("core/v1:Namespace", "mimir-dev")],
)
def test_what_holds_data_is_taken_over_and_never_removed(api: Api, clear: Any, token: str, identifier: str) -> None:
    api.there[KINDS[token]] = thing()
    text = refused(clear, token)
    command = text.splitlines()[-1].strip()
    start = "pulumi import --yes --generate-code=false --stack dev"
    assert command == (
        f"{start} kubernetes:{token} mimir-volumes-data {identifier} "
        "--parent 'parent=urn:pulumi:dev::mimir::mimir:Outer$mimir:Inner::mimir-volumes' "
        "--provider 'provider=urn:pulumi:dev::mimir::mimir:Outer$pulumi:providers:kubernetes::mimir-cluster'"
    ), "under the very URN that the program gives it"
    assert api.deleted == []


@pytest.mark.parametrize("labels", [None, {}, {**LABELS, "app.kubernetes.io/instance": "mimir-prod"}])
@pytest.mark.parametrize("token", KINDS)
def test_what_is_somebody_elses_stays(api: Api, clear: Any, token: str, labels: dict[str, str] | None) -> None:
    api.there[KINDS[token]] = thing(labels)
    text = refused(clear, token)
    kind = token.split(":")[1]
    assert text.startswith(f"The cluster has a {kind} named mimir-dev that this program did not make.")
    scope = "" if kind == "Namespace" else " --namespace mimir-dev"
    assert text.endswith(f"kubectl --context test{scope} get {kind.lower()} mimir-dev -o yaml")
    assert "delete" not in text, "it is not this stack's to delete"
    assert ("mimir:kubernetes.createNamespace" in text) == (kind == "Namespace")
    assert api.deleted == []
