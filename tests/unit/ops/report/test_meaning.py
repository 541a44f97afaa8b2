"""What a reviewer is told that a change means."""

from __future__ import annotations

from typing import Any

import pytest

from ops.report.change import Change, fold
from ops.report.meaning import meaning
from ops.report.meaning.meaning import Meaning
from ops.report.meaning.reasons import MOST, because
from tests.support import preview_events as says
from tests.support.preview_events import CREATE_FIRST, DELETE_FIRST, steps

ROLLING = {"spec": {"replicas": 2, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0}}}}
RECREATED = {"spec": {"replicas": 1, "strategy": {"type": "Recreate"}}}
POD = "spec.template.spec.containers[0]"


def of(what: str, *ops: str, **more: Any) -> Meaning:
    return meaning.assess(fold(steps(what, *ops, **more)))


class TestFold:
    def test_the_order_tells_who_ends_first(self) -> None:
        [first] = fold(steps(says.SERVICE, *DELETE_FIRST))
        [last] = fold(steps(says.SERVICE, *CREATE_FIRST))
        assert (first.kind, first.delete_first) == ("replace", True)
        assert (last.kind, last.delete_first) == ("replace", False)

    @pytest.mark.parametrize(("op", "kind"), [("create", "create"), ("update", "update"), ("delete", "delete")])
    def test_one_step_is_one_change(self, op: str, kind: str) -> None:
        [change] = fold(steps(says.DATA, op, paths=("name",)))
        assert (change.kind, change.name, change.type) == (kind, "mimir-volumes-data", "docker:index/volume:Volume")

    def test_what_stays_and_what_is_no_resource_is_left_out(self) -> None:
        assert fold(steps(says.SERVICE, "same")) == []
        assert fold(steps(says.SERVICE, "create", custom=False)) == []

    def test_what_an_update_left_behind_is_a_deletion(self) -> None:
        assert [one.kind for one in fold(steps(says.SERVICE, "delete-replaced"))] == ["delete"]


class TestBecause:
    def test_a_variable_is_named_and_its_value_is_not(self) -> None:
        docker = Change("urn", "replace", ("envs[1]",), new={"envs": ["A=1", "LEVEL=secret-value"]})
        pod = {"spec": {"template": {"spec": {"containers": [{"env": [{"name": "LEVEL", "value": "secret-value"}]}]}}}}
        kubernetes = Change("urn", "update", (f"{POD}.env[0].value",), new=pod)
        assert because(docker) == because(kubernetes) == ("environment variable LEVEL",)

    def test_one_that_the_engine_masks_is_named_as_such(self) -> None:
        assert because(Change("urn", "replace", ("envs[0]",), new={"envs": ["[secret]"]})) == (
            "an environment variable",
        )

    def test_a_variable_that_goes_is_named_too(self) -> None:
        assert because(Change("urn", "replace", ("envs[1]",), old={"envs": ["A=1", "B=2"]}, new={"envs": ["A=1"]})) == (
            "environment variable B",
        )

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("mounts[3].source", "mounted configuration"),
            ("spec.template.spec.volumes[3].configMap.name", "mounted configuration"),
            (f"{POD}.startupProbe.exec.command[3]", "startup probe"),
            (f"{POD}.livenessProbe.periodSeconds", "liveness probe"),
            (f"{POD}.image", "image"),
            ("image", "image"),
            (f"{POD}.resources.limits.memory", "spec.containers.resources.limits.memory"),
            ("ports[0].external", "ports.external"),
        ],
    )
    def test_properties_have_names_that_a_person_knows(self, path: str, reason: str) -> None:
        assert because(Change("urn", "update", (path,))) == (reason,)

    def test_a_long_list_is_counted(self) -> None:
        reasons = because(Change("urn", "update", tuple(f"property{number}" for number in range(MOST + 3))))
        assert len(reasons) == MOST + 1
        assert reasons[-1] == "3 more"


class TestDocker:
    def test_a_new_version_beside_the_old_one_interrupts_nobody(self) -> None:
        found = of(says.SERVICE, *CREATE_FIRST, paths=("image",))
        assert found.interruptions == ()
        assert found.restarts == ("application, 1 container: image",)

    def test_a_version_that_must_wait_for_the_old_one_to_end_interrupts(self) -> None:
        [interruption] = of(says.SERVICE, *DELETE_FIRST, paths=("image",)).interruptions
        assert "ends before the new one starts" in interruption

    def test_a_limit_changes_in_place(self) -> None:
        found = of(says.SERVICE, "update", paths=("memory",))
        assert found.restarts == found.interruptions == ()
        assert found.remarks == ("the application's container changes in place, without a restart (memory)",)

    def test_the_edge_itself_closes_its_port(self) -> None:
        [interruption] = of(says.EDGE, *DELETE_FIRST, paths=("ports[0].external",)).interruptions
        assert "port is closed for a second or two (ports.external)" in interruption

    def test_the_edges_files_are_a_reload(self) -> None:
        never = {"mustRun": False}
        found = of(says.CARRIER, *CREATE_FIRST, paths=("uploads",), old=never, new=never)
        assert found.restarts == found.interruptions == ()
        assert found.remarks == ("the edge reads a new configuration; no connection is closed",)

    def test_a_reload_is_not_promised_of_an_edge_that_is_replaced(self) -> None:
        never = {"mustRun": False}
        assessed = meaning.assess(
            fold([*steps(says.CARRIER, *CREATE_FIRST, old=never, new=never), *steps(says.EDGE, *DELETE_FIRST)])
        )
        assert assessed.remarks == ()

    def test_what_the_program_wrote_itself_is_no_loss(self) -> None:
        found = of(says.CONFIG, *CREATE_FIRST, paths=("name",))
        assert (found.volumes, found.destructive) == ((), ())

    @pytest.mark.parametrize(
        ("retained", "text"), [(True, "kept on the platform, but no longer used"), (False, "data is deleted")]
    )
    def test_a_volume_that_goes_is_destruction(self, retained: bool, text: str) -> None:
        found = of(says.DATA, *DELETE_FIRST, retainOnDelete=retained)
        assert [one.name for one in found.destructive] == ["mimir-volumes-data"]
        assert text in found.volumes[0]

    def test_a_volume_that_comes_is_none(self) -> None:
        assert of(says.DATA, "create").destructive == ()

    def test_without_its_network_nothing_answers(self) -> None:
        assert "network `mimir-network` is replaced" in of(says.NETWORK, *DELETE_FIRST).interruptions[0]

    def test_a_service_that_is_removed_says_whether_another_takes_its_place(self) -> None:
        other = says.SERVICE.replace("mimir-dev", "mimir")
        alone = of(says.SERVICE, "delete").interruptions
        followed = meaning.assess(fold([*steps(other, "create"), *steps(says.SERVICE, "delete")])).interruptions
        assert "nothing takes its place" in alone[0]
        assert "made anew under another name" in followed[0]


class TestKubernetes:
    def test_pods_that_roll_interrupt_nobody(self) -> None:
        found = of(says.PODS, "update", paths=(f"{POD}.image",), new=ROLLING)
        assert (found.interruptions, found.restarts) == ((), ("application, 2 pods: image",))
        assert found.remarks == ()

    def test_the_only_pod_of_a_single_writer_interrupts(self) -> None:
        found = of(says.PODS, "update", paths=(f"{POD}.image",), new=RECREATED)
        assert "single writer" in found.interruptions[0]
        assert found.restarts == ("application, 1 pod: image",)

    def test_pods_that_may_be_missing_are_said(self) -> None:
        loose = {"spec": {"replicas": 4, "strategy": {"rollingUpdate": {"maxUnavailable": "50%"}}}}
        assert "up to 50% of its pods" in of(says.EDGE_PODS, "update", paths=(f"{POD}.image",), new=loose).remarks[0]

    def test_scaling_restarts_nothing(self) -> None:
        old, new = {"spec": {"replicas": 1}}, {"spec": {"replicas": 3}}
        found = of(says.PODS, "update", paths=("spec.replicas",), old=old, new=new)
        assert found.restarts == ()
        assert found.remarks == ("the application is scaled from 1 to 3 pods",)

    def test_another_wait_for_the_name_servers_restarts_nothing(self) -> None:
        found = of(says.PODS, "update", paths=("spec.minReadySeconds",), old=ROLLING, new=ROLLING)
        assert (found.interruptions, found.restarts) == ((), ())

    def test_a_deployment_that_is_replaced_interrupts(self) -> None:
        found = of(says.PODS, *DELETE_FIRST, new=ROLLING)
        assert "deleted before the new one exists" in found.interruptions[0]
        assert "something that it uses" in found.restarts[0]

    def test_a_claim_that_is_replaced_is_destruction(self) -> None:
        found = of(says.CLAIM, *DELETE_FIRST, paths=("spec.accessModes[0]",), protect=True)
        assert [(one.name, one.protected) for one in found.destructive] == [("mimir-volumes-data", True)]

    @pytest.mark.parametrize("ops", [("delete",), CREATE_FIRST])
    def test_a_namespace_takes_everything_with_it(self, ops: tuple[str, ...]) -> None:
        found = of(says.NAMESPACE, *ops)
        assert [one.name for one in found.destructive] == ["mimir-namespace"]
        assert "everything in it" in found.interruptions[0]

    def test_the_front_service_has_another_address(self) -> None:
        assert "address changes" in of(says.FRONT, *DELETE_FIRST).interruptions[0]


def test_whatever_is_protected_is_destruction_once() -> None:
    assert [one.name for one in of(says.SECRET, "delete", protect=True).destructive] == ["mimir-secrets"]
    assert of(says.SECRET, "delete").destructive == ()
    assert len(of(says.NAMESPACE, "delete", protect=True).destructive) == 1


def test_a_first_deployment_interrupts_nobody() -> None:
    every = [says.SERVICE, says.EDGE, says.DATA, says.NETWORK, says.PODS, says.CLAIM, says.NAMESPACE]
    assessed = meaning.assess(fold(step for one in every for step in steps(one, "create")))
    assert (assessed.interruptions, assessed.destructive) == ((), ())
