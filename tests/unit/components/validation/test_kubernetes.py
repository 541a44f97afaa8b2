"""What settings must fulfil together on a cluster, and what belongs to the other platform."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from components.problems import Problem
from components.validation.kubernetes import ELSEWHERE
from tests.support.configuration import after, at, fixable, load, merged, problem, problems, refusal, settings
from tests.support.project import PROJECT
from tests.support.settings_tables import CLUSTER, GOOD, SHARED, every_setting, is_below

QUICK = {"intervalSeconds": 1, "timeoutSeconds": 1, "retries": 1, "startPeriodSeconds": 1}
PODS = {"namespace": "edge"}
BAD_PEERS: list[dict[str, Any]] = [
    {},
    {"podLabels": {}},
    {**PODS, "cidr": "10.0.0.0/8"},
    {"podLabels": {"app": "db"}, "cidr": "10.0.0.0/8"},
    {"cidr": "10.0.0.1/8"},
    {"cidr": "10.0.0/8"},
    {"cidr": "example.com"},
    {"cidr": ""},
]

FIXED_BY_A_COMMAND = [
    pytest.param("kubernetes.namespace", at("kubernetes.createNamespace", False), id="an existing one, unnamed"),
    pytest.param("kubernetes.nodePort", at("kubernetes.nodePort", 30_080), id="a port of the nodes, inside only"),
    pytest.param(
        "kubernetes.redirectNodePort",
        at("kubernetes", {"serviceType": "NodePort", "redirectNodePort": 30_080}),
        id="a port of the nodes without a redirect",
    ),
    pytest.param(
        "kubernetes.redirectNodePort",
        {
            "kubernetes": {"serviceType": "NodePort", "nodePort": 30_080, "redirectNodePort": 30_080},
            "edge": {"redirectPort": 8081, "tls": {"mode": "selfSigned"}},
        },
        id="one port of the nodes for both",
    ),
    pytest.param("kubernetes.replicas", at("kubernetes.replicas", 2), id="pods"),
    pytest.param("autoscaling.maxReplicas", at("autoscaling.maxReplicas", 2), id="pods by load"),
    pytest.param("autoscaling.minReplicas", at("autoscaling.minReplicas", 3), id="a lower bound of nothing"),
    pytest.param("autoscaling.cpuPercent", at("autoscaling.cpuPercent", 50), id="an aim of nothing"),
    pytest.param(
        "kubernetes.replicas",
        merged(SHARED, {"kubernetes": {"replicas": 2}, "environment": {"dbPath": "/app/data/mimir.db"}}),
        id="pods with a database",
    ),
    pytest.param(
        "kubernetes.replicas",
        merged(SHARED, {"kubernetes": {"replicas": 2}, "autoscaling": {"maxReplicas": 3}}),
        id="pods by number and by load",
    ),
    pytest.param(
        "autoscaling.maxReplicas",
        merged(SHARED, {"autoscaling": {"minReplicas": 5, "maxReplicas": 4}}),
        id="fewest above most",
    ),
    pytest.param("kubernetes.cpuRequest", {"kubernetes": {"cpuRequest": 0.6}, "limits": {"cpus": 0.5}}, id="cpu"),
    pytest.param(
        "kubernetes.memoryRequestMib",
        {"kubernetes": {"memoryRequestMib": 129}, "limits": {"memoryMib": 128}},
        id="memory",
    ),
    pytest.param("kubernetes.rolloutSeconds", at("kubernetes.rolloutSeconds", 120), id="rollout"),
    pytest.param(
        "kubernetes.rolloutSeconds",
        {"kubernetes": {"rolloutSeconds": 150, "dnsSeconds": 30}},
        id="rollout with slow name servers",
    ),
    pytest.param("kubernetes.rolloutSeconds", at("kubernetes.dnsSeconds", 180), id="slow name servers"),
    pytest.param(
        "kubernetes.rolloutSeconds",
        {"kubernetes": {"rolloutSeconds": 120}, "edge": {"kind": "none"}},
        id="rollout without an edge",
    ),
    pytest.param("kubernetes.rolloutSeconds", at("probe.startPeriodSeconds", 600), id="a slow start"),
    pytest.param("kubernetes.rolloutSeconds", at("probe", {**QUICK, "intervalSeconds": 3597}), id="the slowest start"),
    pytest.param("kubernetes.rolloutSeconds", at("probe", {**QUICK, "intervalSeconds": 3600}), id="slower than any"),
    pytest.param("shutdown.graceSeconds", at("shutdown.graceSeconds", 39), id="grace"),
    pytest.param("shutdown.graceSeconds", at("shutdown.preStopSeconds", 6), id="a longer pause"),
    pytest.param("liveReload", {"liveReload": "true"}, id="live"),
    *(
        pytest.param(f"network.{side}[1]", at(f"network.{side}", [PODS, peer]), id=f"{side} {json.dumps(peer)}")
        for side in ("ingress", "monitoring", "egress")
        for peer in BAD_PEERS
    ),
    *(
        pytest.param("network.egress[0]", at("network.egress", [{**PODS, "ports": ports}]), id=f"ports {ports}")
        for ports in ([0], [65_536], [-1], [443, 99_999])
    ),
]


@pytest.mark.parametrize(("key", "config"), FIXED_BY_A_COMMAND)
def test_a_broken_rule_names_its_key_and_a_command_that_mends_it(key: str, config: dict[str, Any]) -> None:
    fixable(key, merged(CLUSTER, config))


def test_a_cluster_is_named_always() -> None:
    config = {"platform": "kubernetes"}
    found = problem(config)
    assert found.key == "mimir:kubernetes.context"
    assert "never taken" in found.allowed
    assert load(after(found.fix, config)).settings.kubernetes.context == "mimir-test"


@pytest.mark.parametrize(
    "config",
    [
        {},
        merged(SHARED, at("kubernetes.replicas", 5)),
        merged(SHARED, {"autoscaling": {"minReplicas": 3, "maxReplicas": 3}}),
        merged(SHARED, {"autoscaling": {"minReplicas": 1, "maxReplicas": 1}}),
        {"kubernetes": {"replicas": 1}, "environment": {"dbPath": "/app/data/mimir.db"}},
        {"kubernetes": {"cpuRequest": 0.5, "memoryRequestMib": 128}, "limits": {"cpus": 0.5, "memoryMib": 128}},
        at("kubernetes.rolloutSeconds", 121),
        {"kubernetes": {"rolloutSeconds": 151, "dnsSeconds": 30}},
        {"kubernetes": {"rolloutSeconds": 121}, "edge": {"kind": "none"}},
        {"kubernetes": {"rolloutSeconds": 3600, "dnsSeconds": 0}, "probe": {**QUICK, "intervalSeconds": 3597}},
        {"shutdown": {"preStopSeconds": 10, "graceSeconds": 45}},
        {"network": {"ingress": [PODS, {"podLabels": {"app": "proxy"}}, {"cidr": "192.0.2.1/32"}]}},
        {"network": {"egress": [{"cidr": "fd00::/8", "ports": [1, 65_535]}]}},
    ],
)
def test_what_keeps_to_the_rules_passes(config: dict[str, Any]) -> None:
    assert settings(merged(CLUSTER, config))


def test_the_pause_before_the_end_counts_on_a_cluster_only() -> None:
    assert settings(at("shutdown.graceSeconds", 35))
    found = problem(merged(CLUSTER, at("shutdown.graceSeconds", 35)))
    assert "preStopSeconds + drainSeconds + 5 (40)" in found.allowed


class TestSingleWriter:
    """More than one pod wants volumes that several pods may write."""

    def test_everything_that_keeps_a_second_pod_away_is_named_with_its_way_out(self) -> None:
        config = {
            "kubernetes": {"replicas": 3},
            "volumes": {"logs": {"accessMode": "ReadWriteOncePod"}, "plugins": {"accessMode": "ReadWriteMany"}},
            "environment": {"dbPath": "/app/data/mimir.db"},
        }
        found = problem(merged(CLUSTER, config))
        assert found.found.startswith("3 pods, but only one may write")
        for key in ("volumes.data.accessMode", "volumes.logs.accessMode", "environment.dbPath"):
            assert f"mimir:{key}" in found.found
        assert "plugins" not in found.found
        assert found.allowed.startswith("1, or ")
        assert "`volumes.data.accessMode` ReadWriteMany" in found.allowed
        assert "`volumes.logs.accessMode` ReadWriteMany" in found.allowed
        assert "no `environment.dbPath`" in found.allowed
        ways_out = merged(SHARED, {"environment": {"dbPath": None}})
        assert load(merged(CLUSTER, config, ways_out)), "and all of them together are one"

    def test_the_most_pods_of_an_autoscaler_count(self) -> None:
        found = problem(merged(CLUSTER, at("autoscaling.maxReplicas", 7)))
        assert found.key == "mimir:autoscaling.maxReplicas"
        assert found.found.startswith("7 pods")


def cases(platform: str) -> list[Any]:
    """Each setting that this platform cannot honour, with a value that is not its default."""
    return [
        pytest.param(key, next(value for value in GOOD[key] if value != _default(key)), id=key)
        for key in every_setting()
        if is_below(key, ELSEWHERE[platform])
    ]


def _default(key: str) -> Any:
    default = every_setting()[key].default
    return list(default) if isinstance(default, tuple) else default


def named(found: tuple[Problem, ...], key: str) -> list[Problem]:
    """The problems of one key."""
    return [one for one in found if one.key == f"mimir:{key}"]


@pytest.mark.parametrize(("key", "value"), cases("docker"))
def test_what_only_a_cluster_honours_is_refused_on_an_engine(key: str, value: Any) -> None:
    _refused({}, key, value, "docker")


@pytest.mark.parametrize(("key", "value"), cases("kubernetes"))
def test_what_only_an_engine_honours_is_refused_on_a_cluster(key: str, value: Any) -> None:
    _refused(CLUSTER, key, value, "kubernetes")


def _refused(base: dict[str, Any], key: str, value: Any, platform: str) -> None:
    config = merged(base, at(key, value))
    found = named(problems(config), key)[0]
    assert found.found == f"a setting without an effect on `platform: {platform}`"
    assert "lost in silence" in found.allowed
    assert not named(problems(after(found.fix, config)), key)


def test_all_that_would_be_lost_is_in_one_error() -> None:
    config = {"kubernetes": {"context": "test", "namespace": "own"}, "volumes": {"logs": {"sizeGib": 5}}}
    assert {one.key for one in refusal(config).problems} == {
        "mimir:kubernetes.context",
        "mimir:kubernetes.namespace",
        "mimir:volumes.logs.sizeGib",
    }


def test_defaults_of_the_project_file_are_nothing_that_could_be_lost() -> None:
    """Pulumi hands them to the program as if the stack had said them."""
    declared = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
    defaults = {key: one["default"] for key, one in declared.items() if isinstance(one["default"], dict)}
    assert settings(defaults)
    assert settings(merged(defaults, CLUSTER))


def test_what_both_platforms_honour_is_left_alone() -> None:
    both = {
        "volumes": {"protected": ["data"]},
        "limits": {"cpus": 2, "memoryMib": 512, "tmpMib": 8},
        "logging": {"format": "json"},
        "shutdown": {"drainSeconds": 60, "graceSeconds": 90},
    }
    assert settings(both)
    assert settings(merged(CLUSTER, both))
