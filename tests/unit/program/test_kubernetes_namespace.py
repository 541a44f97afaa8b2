"""What a stack makes in a cluster beside its pods: namespace, volumes, configuration, secrets, and whose they are."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import yaml

from tests.support import program, property_wire
from tests.support.configuration import at, merged
from tests.support.monitor import DIGEST, SUFFIX, Resource
from tests.support.program import KUBERNETES_TOKEN, Run
from tests.support.property_wire import Secret
from tests.support.settings_tables import CLUSTER

VOLUMES = ["data", "logs", "plugins"]


def run(*sections: dict[str, Any]) -> Run:
    """A stack for a cluster that says this."""
    return program.run(merged(CLUSTER, *sections))


def in_cluster(found: Run) -> list[Resource]:
    """Everything that is made in the cluster."""
    return [one for one in found.resources if one.options.type.startswith("kubernetes:")]


def secrets(found: Run) -> list[Resource]:
    """The application's Secrets, and the registry's."""
    return [one for one in in_cluster(found) if one.kind == "Secret" and "edge" not in one.name]


def config(found: Run) -> Resource:
    """The application's configuration."""
    return found.resource("ConfigMap", f"{found.outputs['workload']}-config")


class TestNamespace:
    """A namespace of the deployment's own."""

    def test_only_pods_of_the_restricted_profile_are_admitted(self, on_cluster: Run) -> None:
        labels = on_cluster.one("Namespace")["metadata"]["labels"]
        for mode in ("enforce", "audit", "warn"):
            assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
            assert labels[f"pod-security.kubernetes.io/{mode}-version"] == "latest"

    def test_it_is_named_after_the_stack_or_by_the_settings(self, on_cluster: Run) -> None:
        name = on_cluster.outputs["workload"]
        assert on_cluster.one("Namespace")["metadata"]["name"] == on_cluster.outputs["namespace"] == name
        own = run(at("kubernetes.namespace", "own"))
        assert own.one("Namespace")["metadata"]["name"] == own.outputs["namespace"] == "own"
        assert own.outputs["workload"] == "mimir-dev"

    def test_an_existing_one_is_neither_made_nor_managed(self) -> None:
        found = run(at("kubernetes", {"namespace": "team", "createNamespace": False}))
        assert "Namespace" not in {one.kind for one in in_cluster(found)}
        assert {one.inputs["metadata"]["namespace"] for one in in_cluster(found)} == {"team"}
        assert found.outputs["namespace"] == "team"

    def test_everything_else_is_in_it_and_waits_for_it(self, on_cluster: Run) -> None:
        for one in in_cluster(on_cluster):
            if one.kind != "Namespace":
                assert one.inputs["metadata"]["namespace"] == on_cluster.outputs["namespace"]
                assert "mimir-namespace" in one.waits_for

    @pytest.mark.parametrize(("protected", "kept"), [([], False), (["logs"], True), (VOLUMES, True)])
    def test_it_stays_as_long_as_a_volume_in_it_does(self, protected: list[str], kept: bool) -> None:
        options = run(at("volumes.protected", protected)).resource("Namespace").options
        assert (options.protect, options.retainOnDelete) == (kept, kept), "or its end would be that of the claims"


class TestClaims:
    """The volumes that the process may write."""

    @pytest.mark.parametrize("volume", VOLUMES)
    def test_data_survives_a_destroy(self, on_cluster: Run, volume: str) -> None:
        claim = on_cluster.resource("PersistentVolumeClaim", f"mimir-volumes-{volume}")
        assert (claim.options.protect, claim.options.retainOnDelete) == (True, True)

    def test_unless_it_is_not_wanted(self) -> None:
        found = run(at("volumes.protected", ["data"]))
        kept = {one.name: one.options.protect for one in in_cluster(found) if one.kind == "PersistentVolumeClaim"}
        assert kept == {"mimir-volumes-data": True, "mimir-volumes-logs": False, "mimir-volumes-plugins": False}

    def test_each_asks_for_what_its_settings_say(self) -> None:
        found = run({"volumes": {"data": {"sizeGib": 20, "storageClass": "fast", "accessMode": "ReadWriteOncePod"}}})
        data = found.one("PersistentVolumeClaim", "mimir-volumes-data")
        assert data["metadata"]["name"] == "mimir-dev-data"
        assert data["spec"] == {
            "accessModes": ["ReadWriteOncePod"],
            "storageClassName": "fast",
            "resources": {"requests": {"storage": "20Gi"}},
        }
        logs = found.one("PersistentVolumeClaim", "mimir-volumes-logs")
        assert logs["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}

    def test_what_the_cluster_fills_in_replaces_no_claim_that_was_taken_over(self, on_cluster: Run) -> None:
        """`pulumi import` takes over all that the live object has (docs/kubernetes.md)."""
        claim = on_cluster.resource("PersistentVolumeClaim", "mimir-volumes-data")
        assert {"spec.volumeName", "spec.volumeMode", "spec.storageClassName"} <= set(claim.options.ignoreChanges)
        named = run(at("volumes.data.storageClass", "fast")).resource("PersistentVolumeClaim", "mimir-volumes-data")
        assert "spec.storageClassName" in named.options.ignoreChanges, "to name the default class replaces no claim"

    def test_a_class_that_binds_on_first_use_does_not_block_the_update(self, on_cluster: Run) -> None:
        claims = [one for one in in_cluster(on_cluster) if one.kind == "PersistentVolumeClaim"]
        assert [one.inputs["metadata"]["annotations"] for one in claims] == [{"pulumi.com/skipAwait": "true"}] * 3

    def test_volumes_are_mounted_where_the_plan_says(self, on_cluster: Run) -> None:
        name = on_cluster.outputs["workload"]
        claims = {
            one["name"]: one["persistentVolumeClaim"]["claimName"]
            for one in on_cluster.pod["volumes"]
            if "persistentVolumeClaim" in one
        }
        assert claims == {volume: f"{name}-{volume}" for volume in VOLUMES}
        mounts = {(one["mountPath"], one["name"]) for one in on_cluster.pod_container["volumeMounts"]}
        assert {(f"/app/{volume}", volume) for volume in VOLUMES} <= mounts
        assert on_cluster.pod_container["workingDir"] == "/app/data", "where the application writes its pipelines"


class TestConfiguration:
    """The configuration file."""

    def test_it_is_mounted_at_both_places_and_cannot_be_written(self, on_cluster: Run) -> None:
        [volume] = [one for one in on_cluster.pod["volumes"] if "configMap" in one]
        made = config(on_cluster)
        assert volume["configMap"] == {"name": on_cluster.outputs["volumes"]["config"], "defaultMode": 0o444}
        assert volume["configMap"]["name"] == f"{made.name}-{SUFFIX}"
        mounts = [one for one in on_cluster.pod_container["volumeMounts"] if one["name"] == volume["name"]]
        assert {one["mountPath"]: one["readOnly"] for one in mounts} == {"/etc/mimir": True, "/app/config": True}
        assert not [one for one in mounts if "subPath" in one]

    def test_it_has_the_names_that_the_application_looks_for(self, on_cluster: Run) -> None:
        data = config(on_cluster).inputs["data"]
        assert set(data) == {"config.yaml", "production.yaml"}
        assert len(set(data.values())) == 1
        assert yaml.safe_load(data["config.yaml"])["server"]["port"] == 8080

    def test_pulumi_names_it_so_that_a_change_is_another_one_beside_it(self, on_cluster: Run) -> None:
        """The pods of the old version keep theirs, and the new name is what rolls them."""
        made = config(on_cluster).inputs
        assert made["immutable"] is True
        assert "name" not in made["metadata"]

    def test_another_configuration_is_another_content_and_the_same_one_is_not(self) -> None:
        def content(*sections: dict[str, Any]) -> str:
            return str(config(run(*sections)).inputs["data"]["config.yaml"])

        assert content({"limits": {"cpus": 2}}) == content()
        assert content({"environment": {"logLevel": "WARN"}}) != content()


class TestSecrets:
    """Values that nobody may read."""

    CONFIG = at("environment.secretVariables", {"API_TOKEN": "t0ken", "OTHER": "5ecret"})

    def test_they_are_in_a_secret_object_and_the_pod_refers_to_it(self) -> None:
        found = run(self.CONFIG)
        [secret] = secrets(found)
        assert secret.inputs["stringData"] == Secret({"API_TOKEN": "t0ken", "OTHER": "5ecret"})
        by_name = {one["name"]: one for one in found.pod_container["env"]}
        for name in ("API_TOKEN", "OTHER"):
            reference = by_name[name]["valueFrom"]["secretKeyRef"]
            assert reference == {"name": f"{secret.name}-{SUFFIX}", "key": name}
            assert "value" not in by_name[name]

    def test_nothing_else_holds_them(self) -> None:
        for one in in_cluster(run(self.CONFIG)):
            assert one.kind == "Secret" or "t0ken" not in str(one.inputs), "not even wrapped"

    def test_a_changed_secret_rolls_the_pods(self) -> None:
        [secret] = secrets(run(self.CONFIG))
        assert secret.inputs["immutable"] is True
        assert "name" not in secret.inputs["metadata"], "Pulumi's name for the new one is what the pod refers to"

    def test_without_secrets_there_is_no_object(self, on_cluster: Run) -> None:
        assert secrets(on_cluster) == []
        assert "imagePullSecrets" not in on_cluster.pod

    def test_the_clusters_pull_with_the_registrys_credentials_and_those_that_are_there(self) -> None:
        registry = {"address": "registry.example.com", "username": "ci", "password": "reg1stry"}
        found = run({"registry": registry, "kubernetes": {"pullSecrets": ["mirror"]}})
        [secret] = secrets(found)
        assert secret.inputs["type"] == "kubernetes.io/dockerconfigjson"
        assert secret.inputs["immutable"] is True
        login = json.loads(secret.inputs["stringData"].value[".dockerconfigjson"])["auths"]["registry.example.com"]
        assert (login["username"], login["password"]) == ("ci", "reg1stry")
        assert base64.b64decode(login["auth"]) == b"ci:reg1stry"
        assert [one["name"] for one in found.pod["imagePullSecrets"]] == ["mirror", f"{secret.name}-{SUFFIX}"]


class TestWhoseItIs:
    """One provider, one label, one digest."""

    def test_everything_is_made_by_the_stacks_own_provider_and_labelled(self, on_cluster: Run) -> None:
        made = in_cluster(on_cluster)
        assert len(made) == 20
        assert all("::mimir-cluster::" in one.options.provider for one in made), "not what a shell's KUBECONFIG says"
        instance = on_cluster.outputs["workload"]
        for one in made:
            labels = one.inputs["metadata"]["labels"]
            assert labels["app.kubernetes.io/name"] == "mimir"
            assert labels["app.kubernetes.io/instance"] == instance
            assert labels["app.kubernetes.io/managed-by"] == "pulumi"

    def test_the_provider_is_for_exactly_one_cluster(self, on_cluster: Run) -> None:
        provider = on_cluster.one("kubernetes", "mimir-cluster")
        assert provider["context"] == "test"
        assert provider["clusterIdentifier"] == "a-cluster", "a new address of it would replace everything in it"
        assert isinstance(provider["kubeconfig"], Secret)
        assert KUBERNETES_TOKEN in provider["kubeconfig"].value

    def test_what_has_a_name_of_its_own_makes_room_for_it(self, on_cluster: Run) -> None:
        """An update that was killed leaves objects that no state knows."""
        for one in in_cluster(on_cluster):
            named = "name" in one.inputs["metadata"]
            leftovers = [hook for hook in one.options.hooks.before_create if hook.endswith("-leftover")]
            assert len(leftovers) == named, one.name
        hooks = [hook for one in in_cluster(on_cluster) for hook in one.options.hooks.before_create]
        assert len(hooks) == len(set(hooks)), "Pulumi takes each name once"

    def test_nothing_names_an_image_by_its_tag(self, on_cluster: Run) -> None:
        tag = on_cluster.one("Image")["tags"][0]
        assert all(tag not in property_wire.in_the_clear(one.inputs) for one in in_cluster(on_cluster))
        assert on_cluster.outputs["digest"] == DIGEST

    def test_pods_of_a_priority_are_of_that_class(self, on_cluster: Run) -> None:
        assert run(at("kubernetes.priorityClass", "high")).pod["priorityClassName"] == "high"
        assert "priorityClassName" not in on_cluster.pod
