"""How long the cluster's DNS may hide a pod: what the settings say, or else what the cluster says, or else a guess."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import ReadTimeoutError

from components.kubernetes.cluster import dns
from components.kubernetes.cluster.dns import COREDNS, NODE_LOCAL, DnsDelay
from tests.support.configuration import after, at, load, merged, settings
from tests.support.fake_cluster import COREFILE, config_map
from tests.support.settings_tables import CLUSTER

QUICK = {"intervalSeconds": 2, "timeoutSeconds": 1, "startPeriodSeconds": 8, "retries": 3}
"""A probe that gives a start 17 s."""

SLOW = COREFILE.replace("cache 30", "cache").replace("fallthrough", "ttl 200\nfallthrough")
"""Answers live 200 s."""

THERE: dict[str, Any] = {COREDNS: config_map(COREFILE)}
FORBIDDEN = ApiException(status=403, reason="Forbidden")


class Cluster:
    """A cluster's API with these objects.

    Attributes:
        asked: the path of each request.
    """

    def __init__(self, objects: dict[str, Any]) -> None:
        self.objects = objects
        self.asked: list[str] = []

    def get(self, path: str) -> dict[str, Any]:
        """What is under a path; an error is raised."""
        self.asked.append(path)
        answer = self.objects.get(path, ApiException(status=404, reason="Not Found"))
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def delay(objects: dict[str, Any], *config: dict[str, Any]) -> DnsDelay:
    """What is found out from a cluster with these objects."""
    return dns.delay(settings(merged(CLUSTER, *config)), "mimir-dev", Cluster(objects).get)


def test_it_is_what_the_clusters_name_servers_are_configured_for() -> None:
    """5 s in a cache, 1 s until the edge asks again, and 1 s that Kubernetes may count too early."""
    assert delay(THERE) == DnsDelay(5 + 1 + 1)


def test_a_cache_on_each_node_keeps_it_for_longer() -> None:
    both = {**THERE, NODE_LOCAL: config_map("cluster.local:53 {\ncache 30\nforward . 10.0.0.1\n}")}
    assert delay(both) == DnsDelay(12)


def test_the_clusters_domain_is_the_settings() -> None:
    other = {COREDNS: config_map(COREFILE.replace("cluster.local", "k8s.example.com"))}
    assert delay(other, at("kubernetes.clusterDomain", "k8s.example.com")) == DnsDelay(7)
    assert delay(other).warning


@pytest.mark.parametrize("seconds", [0, 20, 30])
def test_a_setting_wins_and_nobody_is_asked(seconds: int) -> None:
    cluster = Cluster({COREDNS: config_map(SLOW)})
    given = settings(merged(CLUSTER, at("kubernetes.dnsSeconds", seconds)))
    assert dns.delay(given, "mimir-dev", cluster.get) == DnsDelay(seconds)
    assert cluster.asked == []


@pytest.mark.parametrize("edge", [{"kind": "none"}, {"kind": "gateway", "gateway": {"name": "public"}}])
def test_whatever_does_not_find_pods_by_name_has_no_use_for_it(edge: dict[str, Any]) -> None:
    cluster = Cluster(THERE)
    assert dns.delay(settings(merged(CLUSTER, at("edge", edge))), "mimir-dev", cluster.get) == DnsDelay(0)
    assert cluster.asked == []


def test_each_object_is_read_once() -> None:
    cluster = Cluster(THERE)
    dns.delay(settings(CLUSTER), "mimir-dev", cluster.get)
    assert cluster.asked == [COREDNS, NODE_LOCAL]


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        pytest.param({}, "no ConfigMap kube-system/coredns", id="other name servers"),
        pytest.param({COREDNS: FORBIDDEN}, "coredns: 403 Forbidden", id="no right"),
        pytest.param({COREDNS: ApiException(status=503, reason="Busy")}, "coredns: 503 Busy", id="trouble"),
        pytest.param({COREDNS: ReadTimeoutError(None, None, "late")}, "coredns: ReadTimeoutError", id="no answer"),  # type: ignore[arg-type]
        pytest.param({COREDNS: ConnectionResetError()}, "coredns: ConnectionResetError", id="hung up"),
        pytest.param({COREDNS: {"data": None}}, "coredns has no Corefile", id="an empty one"),
        pytest.param({COREDNS: {"data": {"other": ""}}}, "coredns has no Corefile", id="one of another form"),
        pytest.param({COREDNS: config_map("{")}, "coredns: a `{` without a name", id="no Corefile"),
        pytest.param({**THERE, NODE_LOCAL: FORBIDDEN}, "node-local-dns: 403 Forbidden", id="half a right"),
        pytest.param({**THERE, NODE_LOCAL: config_map("")}, "node-local-dns: no server block", id="half a Corefile"),
    ],
)
def test_what_cannot_be_read_is_a_warning_and_the_old_default(objects: dict[str, Any], reason: str) -> None:
    guess = delay(objects)
    assert guess.seconds == 30
    assert guess.warning and guess.warning.startswith("mimir:kubernetes.dnsSeconds: 30; ")
    assert reason in guess.warning and "\n" not in guess.warning


def test_the_warnings_command_ends_it() -> None:
    warning = delay({}).warning or ""
    mended = load(after(warning[warning.index("pulumi config set") :], CLUSTER)).settings
    assert dns.delay(mended, "mimir-dev", Cluster({}).get) == DnsDelay(30)


class TestRoom:
    """A rollout has to have time for it: settings without this number are valid for every cluster."""

    @pytest.mark.parametrize(("rollout", "seconds"), [(25, 7), (300, 7)])
    def test_what_there_is_time_for(self, rollout: int, seconds: int) -> None:
        config = {"kubernetes": {"rolloutSeconds": rollout}, "probe": QUICK}
        assert delay(THERE, config) == DnsDelay(seconds)

    def test_longer_than_a_rollout_can_wait(self) -> None:
        guess = delay({COREDNS: config_map(SLOW)})
        assert guess.seconds == 30
        assert "may keep an answer for 200 s" in (guess.warning or "") and "requests may fail" in (guess.warning or "")
        assert delay({COREDNS: config_map(SLOW)}, at("kubernetes.rolloutSeconds", 600)) == DnsDelay(202)

    @pytest.mark.parametrize("objects", [{}, THERE, {COREDNS: config_map(SLOW)}])
    def test_no_more_than_the_same_number_in_the_settings_might_be(self, objects: dict[str, Any]) -> None:
        config = {"kubernetes": {"rolloutSeconds": 24}, "probe": QUICK}
        guess = delay(objects, config)
        assert guess.seconds == 6 and guess.warning
        assert load(merged(CLUSTER, config, at("kubernetes.dnsSeconds", guess.seconds)))

    def test_never_longer_than_the_longest_that_can_be_set(self) -> None:
        slower = COREFILE.replace("fallthrough", "ttl 900\nfallthrough").replace("cache 30", "cache")
        guess = delay({COREDNS: config_map(slower)}, at("kubernetes.rolloutSeconds", 3600))
        assert (guess.seconds, bool(guess.warning)) == (30, True)
