"""What holds for every stack on a cluster: the pod's hardening, limits, probes, its end and its successor."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import program
from tests.support.configuration import at, merged
from tests.support.monitor import DIGEST
from tests.support.program import Run
from tests.support.settings_tables import CLUSTER, SHARED

SELECTOR = {"app.kubernetes.io/name": "mimir", "app.kubernetes.io/component": "application"}


def run(*sections: dict[str, Any]) -> Run:
    """A stack for a cluster that says this."""
    return program.run(merged(CLUSTER, *sections))


def deployment(found: Run) -> dict[str, Any]:
    """The workload's specification."""
    spec: dict[str, Any] = found.one("Deployment", "mimir")["spec"]
    return spec


def selector(found: Run) -> dict[str, str]:
    """What tells the application's pods from all others."""
    return {**SELECTOR, "app.kubernetes.io/instance": found.outputs["workload"]}


def test_pod_and_container_have_no_right_that_they_do_not_need(on_cluster: Run) -> None:
    """Everything that the restricted profile asks for, and a read-only root besides."""
    nobody = {"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532}
    default = {"seccompProfile": {"type": "RuntimeDefault"}}
    pod, container = on_cluster.pod["securityContext"], on_cluster.pod_container["securityContext"]
    assert pod == {**nobody, **default, "fsGroup": 65532, "fsGroupChangePolicy": "OnRootMismatch"}
    assert container == {
        **nobody,
        **default,
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"} & on_cluster.pod.keys()


def test_the_pod_has_no_token_and_no_other_services_addresses(on_cluster: Run) -> None:
    assert on_cluster.pod["serviceAccountName"] == on_cluster.one("ServiceAccount")["metadata"]["name"]
    assert on_cluster.one("ServiceAccount")["automountServiceAccountToken"] is False
    assert on_cluster.pod["automountServiceAccountToken"] is False
    assert on_cluster.pod["enableServiceLinks"] is False, "they are variables, which the application shows to anyone"


def test_only_tmp_is_writable_beside_the_volumes_and_it_is_memory(on_cluster: Run) -> None:
    mounts = {mount["mountPath"]: mount for mount in on_cluster.pod_container["volumeMounts"]}
    assert {path for path, mount in mounts.items() if not mount.get("readOnly")} == {
        "/tmp",
        "/app/data",
        "/app/logs",
        "/app/plugins",
    }
    [scratch] = [one for one in on_cluster.pod["volumes"] if one["name"] == mounts["/tmp"]["name"]]
    assert scratch["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Mi"}


def test_the_pod_asks_for_what_it_needs_and_cannot_take_the_node_with_it(on_cluster: Run) -> None:
    resources = on_cluster.pod_container["resources"]
    assert resources["requests"] == {"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "64Mi"}
    assert resources["limits"] == {"cpu": "1", "memory": "256Mi", "ephemeral-storage": "2Gi"}, (
        "a node that keeps five files of 100 MiB evicts no pod"
    )


@pytest.mark.parametrize(
    ("cpus", "text"),
    [(0.1, "100m"), (0.25, "250m"), (1, "1"), (1.5, "1500m"), (1.001, "1001m"), (10.05, "10050m")],
)
def test_cpus_are_written_as_the_api_server_prints_them(cpus: float, text: str) -> None:
    found = run({"limits": {"cpus": cpus}, "kubernetes": {"cpuRequest": cpus}}).pod_container["resources"]
    assert found["limits"]["cpu"] == found["requests"]["cpu"] == text, "any other form is a change at every update"


def test_requests_and_limits_of_the_settings_reach_the_pod() -> None:
    limits = {"cpus": 2, "memoryMib": 1024, "tmpMib": 8}
    found = run({"limits": limits, "kubernetes": {"cpuRequest": 0.5, "memoryRequestMib": 512}})
    assert found.pod_container["resources"]["requests"]["memory"] == "512Mi"
    assert found.pod_container["resources"]["requests"]["cpu"] == "500m"
    assert found.pod_container["resources"]["limits"]["memory"] == "1024Mi"
    assert {"name": "GOMAXPROCS", "value": "2"} in found.pod_container["env"]


def test_the_image_is_named_by_digest_and_kept_while_the_registry_is_away(on_cluster: Run) -> None:
    assert on_cluster.pod_container["image"] == f"127.0.0.1:5000/mimir@{DIGEST}"
    assert on_cluster.pod_container["imagePullPolicy"] == "IfNotPresent"
    assert on_cluster.outputs["image"] == f"127.0.0.1:5000/mimir@{DIGEST}"


class TestProbes:
    """Three questions from one description."""

    @pytest.fixture
    def container(self) -> dict[str, Any]:
        """A container whose probe differs from the default one in everything."""
        probe = {"path": "/alive", "intervalSeconds": 20, "timeoutSeconds": 7, "retries": 4, "startPeriodSeconds": 30}
        return run({"probe": probe, "environment": {"port": 9000}}).pod_container

    def test_started_is_a_process_that_shows_the_mounted_configuration(self, container: dict[str, Any]) -> None:
        probe = container["startupProbe"]
        command = probe["exec"]["command"]
        assert command[:2] == ["/probe", "config"], "no shell: the image has none"
        assert command[-1] == "http://127.0.0.1:9000/api/v1/config"
        assert [one for one in command if one.startswith("plugins.plugin_configs.config_digest=sha256-")]
        assert probe["timeoutSeconds"] == 7
        assert probe["failureThreshold"] * probe["periodSeconds"] == 30 + 4 * (20 + 7), "start period, then every retry"
        assert probe["periodSeconds"] == 1, "or a pod that is ready in a second waits for the next probe"

    def test_ready_is_asked_over_the_network_and_often(self, container: dict[str, Any]) -> None:
        probe = container["readinessProbe"]
        assert probe["httpGet"] == {"path": "/alive", "port": "http", "scheme": "HTTP"}
        assert [(one["name"], one["containerPort"]) for one in container["ports"]] == [("http", 9000)]
        assert probe["periodSeconds"] == 5, "out of the Service long before it is restarted"
        assert (probe["timeoutSeconds"], probe["failureThreshold"]) == (7, 4)

    def test_a_shorter_interval_is_kept(self) -> None:
        probe = {"intervalSeconds": 2, "timeoutSeconds": 1}
        assert run({"probe": probe}).pod_container["readinessProbe"]["periodSeconds"] == 2

    def test_alive_is_asked_from_inside(self, container: dict[str, Any]) -> None:
        probe = container["livenessProbe"]
        assert probe["exec"]["command"] == ["/probe", "http", "--timeout", "6s", "http://127.0.0.1:9000/alive"]
        assert (probe["periodSeconds"], probe["timeoutSeconds"], probe["failureThreshold"]) == (20, 7, 4)

    def test_they_are_three_questions_and_none_names_a_host(self, on_cluster: Run) -> None:
        found = [on_cluster.pod_container[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")]
        assert found[0] != found[1] != found[2] != found[0]
        assert all("host" not in (probe.get("httpGet") or {}) for probe in found), "the kubelet asks the pod itself"
        assert {probe["successThreshold"] for probe in found} == {1}


class TestTheEnd:
    """How a pod ends: out of the Service first, then told, then given time."""

    def test_it_goes_on_serving_until_every_node_knows(self, on_cluster: Run) -> None:
        assert on_cluster.pod_container["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}, (
            "no `sleep` in the image"
        )
        assert on_cluster.pod["terminationGracePeriodSeconds"] >= 5 + 30 + 5, "the pause, the drain, and a margin"

    def test_the_settings_decide(self) -> None:
        shutdown = {"preStopSeconds": 15, "drainSeconds": 60, "graceSeconds": 90}
        found = run({"shutdown": shutdown})
        assert found.pod_container["lifecycle"]["preStop"]["sleep"]["seconds"] == 15
        assert found.pod["terminationGracePeriodSeconds"] == 90
        timeouts = found.resource("Deployment", "mimir").options.customTimeouts
        assert int(timeouts.delete.removesuffix("s")) > 90, "or Pulumi gives up first"

    def test_no_pause_is_no_hook(self) -> None:
        assert "lifecycle" not in run(at("shutdown.preStopSeconds", 0)).pod_container, "0 is refused by the API"


class TestTheSuccessor:
    """How an update, a drained node and an autoscaler change the pods."""

    def test_an_update_never_takes_a_pod_away_before_its_successor_is_ready(self, on_cluster: Run) -> None:
        assert deployment(on_cluster)["strategy"] == {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
        }

    @pytest.mark.parametrize("mode", ["ReadWriteOnce", "ReadWriteOncePod"])
    @pytest.mark.parametrize("volume", ["data", "logs", "plugins"])
    def test_a_volume_with_one_writer_is_let_go_of_first(self, volume: str, mode: str) -> None:
        found = run(SHARED, at(f"volumes.{volume}.accessMode", mode))
        assert deployment(found)["strategy"] == {"type": "Recreate"}, "two pods would wait for each other for ever"

    def test_so_is_a_database(self) -> None:
        found = run(SHARED, at("environment.dbPath", "/app/data/mimir.db"))
        assert deployment(found)["strategy"] == {"type": "Recreate"}

    def test_the_committed_stacks_run_as_many_pods_as_they_say(self, staging: Run, prod: Run) -> None:
        assert (deployment(staging)["replicas"], deployment(prod)["replicas"]) == (1, 2)

    def test_an_autoscalers_decision_is_not_taken_back_by_an_update(self) -> None:
        scaling = {"minReplicas": 3, "maxReplicas": 7, "cpuPercent": 55}
        found = run(SHARED, {"autoscaling": scaling})
        assert "replicas" not in deployment(found)
        options = found.resource("Deployment", "mimir").options
        assert list(options.ignoreChanges) == ["spec.replicas"], "left out of an apply, it goes back to 1"
        spec = found.one("HorizontalPodAutoscaler")["spec"]
        assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "mimir-dev"}
        assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 7)
        cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 55}}
        assert spec["metrics"] == [{"type": "Resource", "resource": cpu}]

    def test_without_one_there_is_none(self, on_cluster: Run) -> None:
        assert not [one for one in on_cluster.resources if one.kind == "HorizontalPodAutoscaler"]

    def test_a_drained_node_takes_one_pod_at_a_time_and_is_never_blocked(self, on_cluster: Run) -> None:
        spec = on_cluster.one("PodDisruptionBudget", "mimir-scaling-budget")["spec"]
        assert spec == {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(on_cluster)},
        }

    def test_pods_are_spread_but_run_on_one_node_as_well(self, on_cluster: Run) -> None:
        spread = {one["topologyKey"]: one for one in on_cluster.pod["topologySpreadConstraints"]}
        assert set(spread) == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
        for one in spread.values():
            assert (one["maxSkew"], one["whenUnsatisfiable"]) == (1, "ScheduleAnyway")
            assert one["labelSelector"] == {"matchLabels": selector(on_cluster)}
            assert one["matchLabelKeys"] == ["pod-template-hash"], "the old version's pods do not count"
        apart = on_cluster.pod["affinity"]["podAntiAffinity"]
        assert list(apart) == ["preferredDuringSchedulingIgnoredDuringExecution"], "required would be a pod that waits"
        term = apart["preferredDuringSchedulingIgnoredDuringExecution"][0]["podAffinityTerm"]
        assert term["topologyKey"] == "kubernetes.io/hostname"
        assert term["labelSelector"] == {"matchLabels": selector(on_cluster)}

    def test_a_rollout_that_does_not_become_ready_fails_in_the_cluster_first(self) -> None:
        found = run(at("kubernetes.rolloutSeconds", 500))
        options = found.resource("Deployment", "mimir").options
        assert deployment(found)["progressDeadlineSeconds"] == 500
        assert int(options.customTimeouts.create.removesuffix("s")) > 500
        assert int(options.customTimeouts.update.removesuffix("s")) > 500
        assert list(options.hooks.on_error) == ["mimir-rollout-failure"]

    def test_the_workload_is_of_exactly_its_pods(self, on_cluster: Run) -> None:
        spec = deployment(on_cluster)
        assert spec["selector"] == {"matchLabels": selector(on_cluster)}
        labels = spec["template"]["metadata"]["labels"]
        assert selector(on_cluster).items() <= labels.items()
        assert on_cluster.one("Service", "mimir-pods")["spec"]["selector"] == selector(on_cluster)


class TestNameServers:
    """The edge finds pods by name: an old one may not go while the new one is still hidden."""

    @pytest.mark.parametrize(("kind", "seconds"), [("haproxy", 7), ("none", None)])
    def test_a_pod_counts_once_every_name_server_knows_it(self, kind: str, seconds: int | None) -> None:
        found = run(at("edge.kind", kind))
        assert deployment(found).get("minReadySeconds") == seconds
        assert not [warning for warning in found.warnings if "dnsSeconds" in warning]

    @pytest.mark.parametrize(("given", "seconds"), [(20, 20), (0, None)])
    def test_a_setting_wins(self, given: int, seconds: int | None) -> None:
        assert deployment(run(at("kubernetes.dnsSeconds", given))).get("minReadySeconds") == seconds

    def test_where_they_cannot_be_looked_at_it_is_a_guess_which_is_said_once(self) -> None:
        found = program.run(CLUSTER, corefile=None)
        assert deployment(found)["minReadySeconds"] == 30
        [warning] = [warning for warning in found.warnings if "dnsSeconds" in warning]
        assert "pulumi config set --path 'mimir:kubernetes.dnsSeconds'" in warning

    def test_another_wait_restarts_no_pod(self) -> None:
        short, long = (deployment(run(at("kubernetes.dnsSeconds", seconds))) for seconds in (0, 30))
        assert short["template"] == long["template"]
