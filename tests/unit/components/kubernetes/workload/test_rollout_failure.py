"""What a user reads when a rollout does not become ready: the new pods' state, events and last words."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pulumi
import pytest

from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.cluster.dns import DnsDelay
from components.kubernetes.cluster.kubeconfig import Access
from components.kubernetes.labels import Part
from components.kubernetes.scope import Scope
from components.kubernetes.workload import rollout_failure
from tests.support import fake_cluster
from tests.support.fake_cluster import MIMIR, SETTINGS, Api
from tests.support.fake_rollout import CRASHING, EVENTS, PODS, RUNNING, WAITING, event, pod, put

LOG = f"{PODS}/mimir-dev-new-1/log"
KUBECTL = "kubectl --context test --namespace mimir-dev"


def scope(cluster: Cluster) -> Scope:
    """The deployment there."""
    return Scope(SETTINGS, MIMIR, cluster, "mimir-dev")


def report(api: Api, part: Part = "application") -> list[str]:
    """What is said of it."""
    return rollout_failure.report(scope(api.cluster), part).splitlines()


def test_an_image_that_cannot_be_pulled(api: Api) -> None:
    message = 'Back-off pulling image "registry.example.com/mimir@sha256:ab"'
    put(
        api,
        [pod("new", {"waiting": {"reason": "ImagePullBackOff", "message": message}})],
        [
            event("mimir-dev-new-1", "Scheduled", "Successfully assigned", kind="Normal"),
            event("mimir-dev-new-1", "Failed", "401\n  Unauthorized", count=4),
        ],
    )
    assert report(api) == [
        "Workload mimir-dev did not become ready in 300 s. No pod of it serves.",
        "  pod         mimir-dev-new-1, Running",
        f"  state       waiting, ImagePullBackOff: {message}",
        "  event       Failed (4 times): 401 Unauthorized",
        f"  more        {KUBECTL} describe pods; {KUBECTL} get events --sort-by=.lastTimestamp",
    ]
    asked = [one for one in api.asked if "labelSelector" in one]
    assert len(asked) == 2
    assert all("app.kubernetes.io/instance=mimir-dev" in unquote(one) for one in asked), "nobody else's pods"
    assert all("app.kubernetes.io/component=application" in unquote(one) for one in asked), "nor the edge's"


def test_a_crash_loop_has_its_exit_code_and_the_words_of_the_process_before(api: Api) -> None:
    ended = {"exitCode": 2, "reason": "Error"}
    put(api, [pod("new", CRASHING, restarts=3, before=ended)], [])
    api.there[LOG] = lambda query: "starting\npanic: no such file\n" if query.get("previous") == ["true"] else ""
    said = report(api)
    assert "  state       waiting, CrashLoopBackOff: back-off 10s restarting failed container" in said
    assert "  before      ended, exit code 2, Error; restarted 3 times" in said
    assert said[-4:-1] == ["  last 20 log lines:", "    starting", "    panic: no such file"]
    assert all("tailLines=20" in one for one in api.asked if "/log" in one)


def test_what_the_running_process_says_comes_first(api: Api) -> None:
    put(api, [pod("new", RUNNING, restarts=1)], [])
    api.there[LOG] = lambda query: "before\n" if query.get("previous") == ["true"] else "now\n"
    assert "    now" in report(api)
    assert "    before" not in report(api)


def test_a_process_that_says_nothing_is_said_to(api: Api) -> None:
    put(api, [pod("new", RUNNING)], [])
    api.there[LOG] = ""
    assert "    (none)" in report(api)
    assert not [one for one in api.asked if "previous=true" in one], "there was none before"


def test_logs_that_may_not_be_read_do_not_hide_the_rest(api: Api) -> None:
    put(api, [pod("new", RUNNING), pod("new", WAITING, number=2)], [])
    api.there[LOG] = 403
    said = report(api)
    assert "    (none)" in said
    assert "  pod         mimir-dev-new-2, Running" in said, "and the next pod is looked at"


def test_too_little_memory_names_its_setting(api: Api) -> None:
    ended = {"exitCode": 137, "reason": "OOMKilled"}
    put(api, [pod("new", {"terminated": ended}, restarts=1, before=ended)], [])
    assert "  state       ended, exit code 137, OOMKilled (out of memory: mimir:limits.memoryMib)" in report(api)


def test_the_edges_rollout_is_of_its_own_pods_and_settings(api: Api) -> None:
    ended = {"exitCode": 137, "reason": "OOMKilled"}
    put(api, [pod("new", {"terminated": ended})], [])
    said = report(api, "edge")
    assert said[0].startswith("Workload mimir-dev-edge did not become ready")
    assert "  state       ended, exit code 137, OOMKilled (out of memory: mimir:edge.memoryMib)" in said
    assert all("component=edge" in unquote(one) for one in api.asked if "labelSelector" in one)


def test_a_configuration_that_was_dropped_is_in_the_probes_event(api: Api) -> None:
    differs = 'Startup probe failed: logging.level: "debug", expected "info"\n'
    put(api, [pod("new", RUNNING)], [event("mimir-dev-new-1", "Unhealthy", differs, count=120)])
    api.there[LOG] = "listening\n"
    said = report(api)
    assert "  state       running, not ready" in said
    assert '  event       Unhealthy (120 times): Startup probe failed: logging.level: "debug", expected "info"' in said


def test_more_connections_than_the_node_has_files_for_names_the_setting(api: Api) -> None:
    put(api, [pod("new", RUNNING)], [])
    api.there[LOG] = "[ALERT] (1) : [haproxy.main()] Cannot raise FD limit to 200175, limit is 1024.\n"
    assert any(line.startswith("  cause ") and "mimir:edge.maxConnections" in line for line in report(api))


def test_a_pod_that_waits_for_its_volume_has_the_claims_events(api: Api) -> None:
    put(
        api,
        [pod("new", node=None)],
        [
            event("mimir-dev-new-1", "FailedScheduling", "pod has unbound immediate PersistentVolumeClaims"),
            event("mimir-dev-data", "ProvisioningFailed", "ReadWriteMany is not offered"),
        ],
    )
    said = report(api)
    assert "  pod         mimir-dev-new-1, Pending" in said
    assert "  event       ProvisioningFailed: ReadWriteMany is not offered" in said
    assert not [one for one in api.asked if "/log" in one], "there is nothing to read"


def test_a_pod_that_was_placed_is_not_waiting_for_its_volume(api: Api) -> None:
    put(api, [pod("new", WAITING)], [event("mimir-dev-data", "ProvisioningFailed", "long ago")])
    assert "long ago" not in "\n".join(report(api))


def test_pods_that_are_not_admitted_are_explained_by_who_makes_them(api: Api) -> None:
    refused = 'pods "mimir-dev-new-1" is forbidden: violates PodSecurity "restricted:latest"'
    put(api, [], [event("mimir-dev-new", "FailedCreate", refused, count=12)])
    assert f"  event       FailedCreate (12 times): {refused}" in report(api)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (1, 0, "1 pod of the version before it still serves."),
        (2, 0, "2 pods of the version before it still serve."),
        (1, 2, "1 pod of the version before it still serves. 2 pods of the new version serve."),
        (0, 1, "1 pod of the new version serves."),
        (0, 0, "No pod of it serves."),
    ],
)
def test_which_pods_serve_is_counted_and_said_first(api: Api, old: int, new: int, text: str) -> None:
    ready = [pod("old", RUNNING, ready=True)] * old + [pod("new", RUNNING, ready=True)] * new
    leaving = pod("old", RUNNING, ready=True)
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    put(api, [*ready, leaving, pod("new", WAITING)], [])
    assert report(api)[0] == f"Workload mimir-dev did not become ready in 300 s. {text}"


def test_only_the_newest_pods_that_are_not_ready_are_shown_and_not_all(api: Api) -> None:
    fine, *broken = [pod("new", RUNNING, ready=number == 1, number=number) for number in range(1, 6)]
    put(api, [pod("old", CRASHING), fine, *broken], [])
    shown = [line for line in report(api) if line.startswith("  pod ")]
    assert shown == ["  pod         mimir-dev-new-2, Running", "  pod         mimir-dev-new-3, Running"]


def test_the_newest_events_are_shown(api: Api) -> None:
    put(api, [pod("new", WAITING)], [event("mimir-dev-new-1", f"E{at}", "x", at=at) for at in range(9, -1, -1)])
    assert [line.split()[1] for line in report(api) if "event  " in line] == [f"E{at}:" for at in range(4, 10)]


def test_a_workload_that_the_cluster_did_not_take(api: Api) -> None:
    put(api, [], [], sets=[])
    assert report(api)[0] == ("Workload mimir-dev was not accepted by the cluster: see the error of the Deployment.")


def test_what_is_known_before_the_cluster_refuses_to_tell_more_is_kept(api: Api) -> None:
    put(api, [pod("old", RUNNING, ready=True), pod("new", WAITING)], [])
    api.there[EVENTS] = 403
    said = report(api)
    assert said[0].endswith("1 pod of the version before it still serves.")
    assert said[-2] == "Workload mimir-dev: the cluster does not tell more (403 Forbidden)."


@pytest.mark.parametrize("found", [403, "no list at all"])
def test_a_cluster_that_tells_no_more_does_not_hide_the_failure(api: Api, found: Any) -> None:
    put(api, [], [])
    api.there[PODS] = found
    said = report(api)
    assert said[0].startswith("Workload mimir-dev: the cluster does not tell more")
    assert said[-1].startswith("  more        kubectl --context test")


def test_neither_does_one_that_is_away() -> None:
    url = "http://127.0.0.1:1"
    away = Cluster(Access(fake_cluster.kubeconfig(url), url), "mimir-dev", "a-cluster", DnsDelay(0))
    assert rollout_failure.report(scope(away), "application").startswith(
        "Workload mimir-dev: the cluster does not tell more"
    )


NOT_LIVE = 'the Kubernetes API server reported that "mimir-dev/mimir-dev" failed to fully initialize or become live: '
NOT_CREATED = 'resource "urn:x" was not successfully created by the Kubernetes API server: '
CONFLICT = (
    'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas'
)
APPLY = (
    "server-side apply field conflict detected, see https://www.example.com/#field-conflicts for troubleshooting "
    f'help\nThe resource managed by field manager "pulumi-kubernetes-1" had an apply conflict: {CONFLICT}'
)
DENIED = 'admission webhook "policy.example.com" denied the request: images must be signed'


@pytest.fixture
def explain(api: Api, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """What a user reads of an error of the provider."""
    hooks: list[Any] = []
    errors: list[str] = []
    monkeypatch.setattr(pulumi, "ErrorHook", lambda name, callback: hooks.append(callback))
    monkeypatch.setattr(pulumi.log, "error", errors.append)
    rollout_failure.hook("mimir", scope(api.cluster), "application")

    def call(error: str) -> str:
        assert hooks[0](SimpleNamespace(errors=[error, "an older one"])) is False, "it is not tried again"
        return errors.pop()

    return call


@pytest.mark.parametrize(
    "error",
    [f"{NOT_LIVE}'mimir-dev' timed out waiting to be Ready", f"{NOT_LIVE}timed out waiting for the condition"],
)
def test_pods_that_do_not_become_ready_are_reported(api: Api, explain: Callable[[str], str], error: str) -> None:
    put(api, [pod("new", WAITING)], [])
    assert explain(error) == "\n".join(report(api))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (f"{NOT_LIVE}{DENIED}", DENIED),
        (f"{NOT_CREATED}{DENIED}", DENIED),
        (f"1 error occurred:\n    * {NOT_LIVE}{APPLY}\n", CONFLICT),
        (
            f'{NOT_LIVE}Deployment.apps "mimir-dev" is invalid: spec.x: Required',
            'Deployment.apps "mimir-dev" is invalid: spec.x: Required',
        ),
        ("something that nobody has foreseen", "something that nobody has foreseen"),
    ],
)
def test_what_the_api_refuses_has_its_reason_and_the_pods_that_serve(
    api: Api, explain: Callable[[str], str], error: str, reason: str
) -> None:
    put(api, [pod("old", RUNNING, ready=True), pod("old", WAITING)], [])
    lines = explain(error).splitlines()
    assert lines[0] == f"Workload mimir-dev was not accepted by the cluster: {reason}"
    assert lines[1] == "  pods        1 pod of it serves on"
    assert any("make refresh" in line for line in lines) is ("conflict with" in reason)


@pytest.mark.parametrize(("answer", "text"), [({"items": []}, "no pod of it serves"), (403, "cannot be read (403")])
def test_a_refusal_where_nothing_serves_or_nothing_is_known(
    api: Api, explain: Callable[[str], str], answer: Any, text: str
) -> None:
    api.there[PODS] = answer
    assert text in explain(f"{NOT_LIVE}{DENIED}")
