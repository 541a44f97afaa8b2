"""What is in the cluster already: whose the namespace is, what its claims can become, which ports are taken."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from components.kubernetes.cluster import existing_objects
from components.kubernetes.cluster.api_server import Get
from components.kubernetes.cluster.existing_objects import Existing
from components.kubernetes.cluster.kubeconfig import Access
from components.problems import Problem
from tests.support import configuration
from tests.support.configuration import after, at, load, merged
from tests.support.fake_cluster import LABELS, kubeconfig
from tests.support.settings_tables import CLUSTER

ACCESS = Access(kubeconfig("https://k"), "https://k")
TEAM: dict[str, Any] = at("kubernetes", {"namespace": "team", "createNamespace": False})
OTHER = {**LABELS, "app.kubernetes.io/instance": "mimir-prod"}


def getter(objects: dict[str, Any]) -> Get:
    """Reads these objects; a number is the status of a refusal."""

    def get(path: str) -> dict[str, Any]:
        found = objects.get(path, 404)
        if isinstance(found, int):
            raise ApiException(status=found)
        return dict(found)

    return get


def labelled(labels: dict[str, str] | None, **more: Any) -> dict[str, Any]:
    """An object with these labels."""
    return {"metadata": {"name": "any", **({} if labels is None else {"labels": labels})}, **more}


def look(config: dict[str, Any], objects: dict[str, Any]) -> Existing:
    """What is found of the stack's namespace, which is `team` where the settings name one."""
    settings = configuration.settings(merged(CLUSTER, config))
    return existing_objects.namespace(
        settings, "mimir-dev", settings.kubernetes.namespace or "mimir-dev", ACCESS, getter(objects)
    )


class TestNamespace:
    """Whose it is."""

    PATH = "/api/v1/namespaces/team"
    OWN = at("kubernetes.namespace", "team")

    def refused(self, config: dict[str, Any], objects: dict[str, Any]) -> Problem:
        """The only problem, whose fix is accepted by the settings and deletes nothing."""
        [problem] = look(config, objects).problems
        assert "delete" not in problem.fix
        if problem.fix.startswith("pulumi "):
            assert load(after(problem.fix.partition("   #")[0], merged(CLUSTER, config)))
        return problem

    @pytest.mark.parametrize("config", [OWN, TEAM])
    def test_that_of_another_stack_is_refused_by_its_name(self, config: dict[str, Any]) -> None:
        problem = self.refused(config, {self.PATH: labelled(OTHER)})
        assert problem.key == "mimir:kubernetes.namespace"
        assert 'the namespace of stack "prod"' in problem.found

    @pytest.mark.parametrize("labels", [None, {}, {"team": "mine"}])
    def test_one_that_nobody_of_ours_made_is_refused_with_the_setting_for_it(self, labels: Any) -> None:
        problem = self.refused(self.OWN, {self.PATH: labelled(labels)})
        assert "did not make" in problem.found
        assert problem.fix == "pulumi config set --path 'mimir:kubernetes.createNamespace' false"

    def test_one_of_ours_without_its_labels_is_left_to_a_refresh(self) -> None:
        account = f"{self.PATH}/serviceaccounts/mimir-dev"
        assert look(self.OWN, {self.PATH: labelled(None), account: labelled(LABELS)}) == Existing(True)

    def test_its_own_is_its_own(self) -> None:
        assert look(self.OWN, {self.PATH: labelled(LABELS)}) == Existing(True)

    @pytest.mark.parametrize("objects", [{}, {PATH: 403}])
    def test_one_that_is_not_there_will_be_made(self, objects: dict[str, Any]) -> None:
        assert look(self.OWN, objects) == Existing(False)

    def test_an_existing_one_must_be_there(self) -> None:
        assert "which the cluster does not have" in self.refused(TEAM, {}).found
        assert look(TEAM, {self.PATH: 403}) == Existing(False), "rights may end inside of it"

    def test_one_that_this_stack_made_is_not_given_up(self) -> None:
        """The next update would delete it, and every claim in it."""
        problem = self.refused(TEAM, {self.PATH: labelled(LABELS)})
        assert problem.key == "mimir:kubernetes.createNamespace"

    def test_one_that_is_being_deleted(self) -> None:
        found = self.refused(TEAM, {self.PATH: labelled(None, status={"phase": "Terminating"})}).found
        assert "being deleted" in found

    @pytest.mark.parametrize(
        ("level", "shown"), [(None, "not set"), ("baseline", "baseline"), ("privileged", "privileged")]
    )
    def test_what_it_admits_is_said_and_not_changed(self, level: str | None, shown: str) -> None:
        labels = {} if level is None else {"pod-security.kubernetes.io/enforce": level}
        found = look(TEAM, {self.PATH: labelled(labels)})
        assert found.problems == ()
        [warning] = found.warnings
        assert f"(pod-security.kubernetes.io/enforce: {shown})" in warning
        assert "label namespace team pod-security.kubernetes.io/enforce=restricted" in warning

    def test_a_restricted_one_needs_no_word(self) -> None:
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        assert look(TEAM, {self.PATH: labelled(labels)}) == Existing(True)

    def test_a_cluster_in_trouble_is_not_one_without_namespaces(self) -> None:
        with pytest.raises(ApiException):
            look(TEAM, {self.PATH: 500})


class TestClaims:
    """A claim is changed in place, or refused: never replaced."""

    PATH = "/api/v1/namespaces/mimir-dev/persistentvolumeclaims/mimir-dev-data"
    CLASS = "/apis/storage.k8s.io/v1/storageclasses/standard"

    def claim(self, size: str = "1Gi", labels: dict[str, str] = LABELS) -> dict[str, Any]:
        """The claim with the data."""
        return labelled(labels, spec={"storageClassName": "standard", "resources": {"requests": {"storage": size}}})

    def found(self, data: dict[str, Any], **objects: Any) -> list[Problem]:
        """What is found with these settings of the volume."""
        settings = configuration.settings(merged(CLUSTER, at("volumes.data", data)))
        get = getter({self.PATH: self.claim(), **objects})
        return list(existing_objects.claims(settings, "mimir-dev", "mimir-dev", ACCESS, get))

    @pytest.mark.parametrize("data", [{}, {"sizeGib": 1}, {"storageClass": "standard"}])
    def test_what_it_has_already_is_no_change(self, data: dict[str, Any]) -> None:
        assert self.found(data) == []

    def test_another_class_is_refused(self) -> None:
        [problem] = self.found({"storageClass": "fast"})
        assert problem.key == "mimir:volumes.data.storageClass"
        assert problem.fix == "pulumi config set --path 'mimir:volumes.data.storageClass' standard"

    def test_less_room_is_refused(self) -> None:
        [problem] = self.found({"sizeGib": 2}, **{self.PATH: self.claim("3Gi")})
        assert (problem.key, problem.found) == ("mimir:volumes.data.sizeGib", "2; the claim has 3Gi")
        assert problem.fix.endswith(" 3")

    @pytest.mark.parametrize("offered", [{}, {"allowVolumeExpansion": False}])
    def test_more_room_wants_a_class_that_can(self, offered: dict[str, Any]) -> None:
        [problem] = self.found({"sizeGib": 2}, **{self.CLASS: offered})
        assert 'storage class "standard" cannot make it larger' in problem.found

    @pytest.mark.parametrize("offered", [{"allowVolumeExpansion": True}, 403])
    def test_more_room_where_it_can_be_had_or_nobody_may_look(self, offered: Any) -> None:
        assert self.found({"sizeGib": 2}, **{self.CLASS: offered}) == []

    @pytest.mark.parametrize("there", [404, 403])
    def test_one_that_is_not_there_is_made(self, there: int) -> None:
        assert self.found({"storageClass": "fast", "sizeGib": 9}, **{self.PATH: there}) == []

    def test_that_of_another_stack_is_left_to_the_hooks(self) -> None:
        assert self.found({"sizeGib": 9}, **{self.PATH: self.claim(labels=OTHER)}) == []


class TestNodePorts:
    """A port of the nodes that another Service has."""

    def found(self, namespace: str, name: str, port: int) -> list[Problem]:
        """What is found where this Service has this port."""
        settings = configuration.settings(
            merged(CLUSTER, at("kubernetes", {"serviceType": "NodePort", "nodePort": 30_080}))
        )
        service = {"metadata": {"namespace": namespace, "name": name}, "spec": {"ports": [{"nodePort": port}]}}
        get = getter({"/api/v1/services": {"items": [service]}})
        return list(existing_objects.node_ports(settings, "mimir-dev", "mimir-dev", ACCESS, get))

    def test_it_names_the_service(self) -> None:
        [problem] = self.found("shop", "web", 30_080)
        assert problem.key == "mimir:kubernetes.nodePort"
        assert "Service shop/web has" in problem.found

    @pytest.mark.parametrize(
        ("namespace", "name", "port"), [("mimir-dev", "mimir-dev", 30_080), ("shop", "web", 30_081)]
    )
    def test_its_own_port_and_others_are_free(self, namespace: str, name: str, port: int) -> None:
        assert self.found(namespace, name, port) == []
