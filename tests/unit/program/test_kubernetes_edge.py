"""The edge on a cluster: its files, its pods, and how they follow each other."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.edge.haproxy import files
from tests.support import monitor, property_wire
from tests.support.configuration import at
from tests.support.kubernetes_edge import TLS, configuration, container, deployment, labels, made, pod, run
from tests.support.monitor import SUFFIX
from tests.support.program import SECRET, Run
from tests.support.property_wire import Secret
from tests.support.settings_tables import SHARED


class TestFiles:
    """What HAProxy reads."""

    def test_they_are_immutable_and_named_by_pulumi_so_that_a_change_rolls_the_pods(self, on_cluster: Run) -> None:
        for kind in ("ConfigMap", "Secret"):
            inputs = made(on_cluster, kind).inputs
            assert inputs["immutable"] is True
            assert "name" not in inputs["metadata"]

    def test_all_of_them_are_in_one_folder_that_only_the_pods_group_reads(self, on_cluster: Run) -> None:
        [mount] = [one for one in container(on_cluster)["volumeMounts"] if one["mountPath"] == files.FOLDER]
        assert mount["readOnly"] is True
        [volume] = [one for one in pod(on_cluster)["volumes"] if one["name"] == mount["name"]]
        name = f"{on_cluster.outputs['edge']}-files-{SUFFIX}"
        assert volume["projected"]["sources"] == [{"configMap": {"name": name}}, {"secret": {"name": name}}]
        assert volume["projected"]["defaultMode"] == 0o440
        assert pod(on_cluster)["securityContext"]["fsGroup"] == 65532
        shown, hidden = made(on_cluster, "ConfigMap").inputs["data"], made(on_cluster, "Secret").inputs["stringData"]
        assert {"haproxy.cfg", "routes.map", "closed.lst", "figures.lua"} == set(shown)
        assert {"users.cfg", "keys.map", "jwt.map", "certificate.pem", "certificate.pem.key"} == set(hidden.value)

    def test_no_secret_is_anywhere_else(self) -> None:
        users = {"ann": "$6$salt$" + "h" * 30}
        found = run({"edge": {"authentication": {"users": users}}}, at("environment.jwtSecret", SECRET), TLS)
        hidden = made(found, "Secret").inputs["stringData"]
        assert isinstance(hidden, Secret)
        for value in (*users.values(), monitor.CERTIFICATE["key"]):
            assert value in str(hidden.value)
            for one in found.resources:
                assert value not in property_wire.in_the_clear(one.inputs)

    def test_the_configuration_itself_can_be_read(self, on_cluster: Run) -> None:
        assert not [one for one in made(on_cluster, "ConfigMap").inputs["data"].values() if isinstance(one, Secret)]

    def test_a_changed_secret_is_another_content_of_the_configuration(self) -> None:
        """So nothing but what is shown tells that an edge is of this version."""
        one, other = (run(at("edge.authentication.apiKeys", {"ci": letter * 64})) for letter in "ab")
        assert configuration(one) != configuration(other)

    def test_it_finds_every_pod_by_the_name_of_the_service_without_an_address(self) -> None:
        found = run(
            {"kubernetes": {"namespace": "own", "clusterDomain": "k8s.example.com"}}, at("environment.port", 9000)
        )
        assert "server-template replica 2 mimir-dev-pods.own.svc.k8s.example.com:9000 " in configuration(found)

    @pytest.mark.parametrize(
        ("config", "most"),
        [({}, 2), (at("kubernetes.replicas", 5), 6), ({"autoscaling": {"maxReplicas": 9}}, 10)],
        ids=["one", "several", "by load"],
    )
    def test_there_is_room_for_every_pod_and_one_more(self, config: dict[str, Any], most: int) -> None:
        assert f"server-template replica {most} " in configuration(run(SHARED, config))


class TestPod:
    """Hardened like the application's, limited, probed, and ended in peace."""

    def test_it_is_hardened_exactly_as_the_applications(self, on_cluster: Run) -> None:
        edge, application = pod(on_cluster), on_cluster.pod
        for key in ("securityContext", "serviceAccountName", "automountServiceAccountToken", "enableServiceLinks"):
            assert edge[key] == application[key], key
        assert container(on_cluster)["securityContext"] == on_cluster.pod_container["securityContext"]

    def test_it_runs_haproxy_from_its_files_and_writes_to_memory_only(self, on_cluster: Run) -> None:
        assert container(on_cluster)["args"] == list(files.COMMAND)
        assert "command" not in container(on_cluster), "the image's entry point stays"
        writable = [one for one in container(on_cluster)["volumeMounts"] if not one.get("readOnly")]
        assert [one["mountPath"] for one in writable] == ["/run/haproxy"]
        [volume] = [one for one in pod(on_cluster)["volumes"] if one["name"] == writable[0]["name"]]
        assert volume["emptyDir"] == {"medium": "Memory", "sizeLimit": "1Mi"}

    def test_the_settings_decide_image_and_limits(self) -> None:
        edge = {"image": "mirror.example.com/haproxy@sha256:" + "0" * 64, "cpus": 0.05, "memoryMib": 64}
        found = container(
            run({"edge": {**edge, "cpus": 0.5}, "kubernetes": {"memoryRequestMib": 128, "cpuRequest": 0.8}})
        )
        assert found["image"] == edge["image"]
        assert found["imagePullPolicy"] == "IfNotPresent"
        assert found["resources"] == {
            "requests": {"cpu": "500m", "memory": "64Mi", "ephemeral-storage": "64Mi"},
            "limits": {"cpu": "500m", "memory": "64Mi", "ephemeral-storage": "2Gi"},
        }, "never more is kept free than may be used"

    def test_it_is_probed_on_a_port_of_its_own(self) -> None:
        """Whoever reads the metrics cannot be in the way."""
        found = container(run(at("kubernetes.rolloutSeconds", 200)))
        probes = [found[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")]
        assert {one["httpGet"]["port"] for one in probes} == {"probes"}
        assert [one["httpGet"]["path"] for one in probes] == ["/started", "/ready", "/configuration"]
        assert probes[0]["periodSeconds"] * probes[0]["failureThreshold"] == 200, "as long as the rollout may take"
        text = configuration(run())
        for path in ("/started", "/ready", "/configuration"):
            assert f"path {path} " in text

    def test_it_serves_until_every_node_knows_then_finishes_what_is_under_way(self) -> None:
        found = run({"shutdown": {"preStopSeconds": 9, "graceSeconds": 60}, "edge": {"timeouts": {"idleSeconds": 20}}})
        assert container(found)["lifecycle"] == {"preStop": {"sleep": {"seconds": 9}}}
        hard_stop = re.search(r"hard-stop-after (\d+)s", configuration(found))
        assert hard_stop and int(hard_stop[1]) == 20 + 30
        assert pod(found)["terminationGracePeriodSeconds"] == 9 + 20 + 30 + 5

    def test_it_is_pulled_with_the_same_secrets(self) -> None:
        registry = {"address": "registry.example.com", "username": "ci", "password": "reg1stry"}
        found = run({"registry": registry, "kubernetes": {"pullSecrets": ["mirror"], "priorityClass": "high"}})
        assert pod(found)["imagePullSecrets"] == found.pod["imagePullSecrets"]
        assert pod(found)["priorityClassName"] == "high"


class TestRollout:
    """How its pods follow each other, and whose they are."""

    def test_a_pod_goes_only_when_its_successor_is_ready(self, on_cluster: Run) -> None:
        spec = deployment(on_cluster)
        assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
        assert spec["replicas"] == 2

    def test_the_settings_say_how_many(self) -> None:
        assert deployment(run(at("kubernetes.edgeReplicas", 5)))["replicas"] == 5

    def test_its_pods_and_the_applications_are_never_mistaken_for_each_other(self, on_cluster: Run) -> None:
        workload = on_cluster.outputs["workload"]
        for name, part in (("mimir", "application"), ("mimir-edge", "edge")):
            spec = on_cluster.one("Deployment", name)["spec"]
            own = labels(part, workload)
            assert spec["selector"] == {"matchLabels": own}
            assert own.items() <= spec["template"]["metadata"]["labels"].items()
            inside = spec["template"]["spec"]
            terms = inside["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
            selectors = [one["podAffinityTerm"]["labelSelector"] for one in terms]
            selectors += [one["labelSelector"] for one in inside["topologySpreadConstraints"]]
            assert selectors == [{"matchLabels": own}] * 3
        budget = on_cluster.one("PodDisruptionBudget", "mimir-edge-budget")["spec"]
        assert budget["selector"] == {"matchLabels": labels("edge", workload)}
        assert budget["maxUnavailable"] == 1

    def test_a_rollout_that_fails_is_explained(self) -> None:
        options = run(at("kubernetes.rolloutSeconds", 200)).resource("Deployment", "mimir-edge").options
        assert list(options.hooks.on_error) == ["mimir-edge-rollout-failure"]
        assert int(options.customTimeouts.update.removesuffix("s")) > 200

    def test_the_application_comes_first_and_the_front_door_opens_last(self, on_cluster: Run) -> None:
        [edge] = [one for one in on_cluster.resources if one.options.type == "mimir:kubernetes:Edge"]
        assert {"mimir", "mimir-pods"} <= edge.waits_for
        assert "mimir-edge" in on_cluster.resource("Service", "mimir-service").waits_for
