"""What others changed in a stack's objects or added to them: reported and reverted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components.kubernetes.cluster.cluster import FORCE
from ops import __main__ as commands
from ops.exit_codes import ExitCode
from ops.ownership import in_report
from ops.ownership.added_fields import pointer
from ops.ownership.stack_objects import api_path
from ops.report import as_json, markdown
from ops.report.change import Change
from ops.report.meaning.meaning import Meaning
from ops.report.report import Report
from tests.support import fake_cli
from tests.support.fake_cluster import Api
from tests.support.managed_objects import (
    AT,
    INPUTS,
    OWN,
    PATH,
    container,
    in_container,
    live,
    owned,
    with_variable,
)
from tests.support.preview_events import PODS, urn


@pytest.mark.parametrize(
    ("version", "kind", "identifier", "path"),
    [
        ("v1", "Namespace", "mimir-dev", "/api/v1/namespaces/mimir-dev"),
        ("v1", "Service", "a/b", "/api/v1/namespaces/a/services/b"),
        ("networking.k8s.io/v1", "NetworkPolicy", "a/b", "/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/b"),
        ("networking.k8s.io/v1", "Ingress", "a/b", "/apis/networking.k8s.io/v1/namespaces/a/ingresses/b"),
    ],
)
def test_where_the_api_has_an_object(version: str, kind: str, identifier: str, path: str) -> None:
    assert api_path(version, kind, identifier) == path


def test_names_with_slashes_are_escaped() -> None:
    assert pointer(["metadata", "labels", "a/b~c", 0]) == "/metadata/labels/a~1b~0c/0"


@pytest.fixture
def stack(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A stack in the cluster, whose state has one Deployment."""
    fake_cli.project(tmp_path, monkeypatch, CLI, ["PULUMI_BACKEND_URL", FORCE])
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(api.kubeconfig))
    settings = {"mimir:platform": "kubernetes", "mimir:kubernetes": {"context": "test", "kubeconfig": str(file)}}
    Path("Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": settings}))
    resource = {
        "urn": urn(PODS),
        "type": "kubernetes:apps/v1:Deployment",
        "id": "mimir-dev/mimir-dev",
        "inputs": INPUTS,
        "outputs": {"__fieldManager": OWN},
    }
    Path("exported").write_text(json.dumps({"deployment": {"resources": [resource]}}))
    api.there[PATH] = live()
    yield api


CLI = """#!/bin/sh
case "$*" in
  "stack export"*) cat exported;;
  *) printf '%s\\n' "$@" > called; env > environment;;
esac
"""


def drift() -> Report:
    """A look for drift in which Pulumi has found nothing."""
    return in_report.add(
        Report("dev", "drift", (), Meaning(), unchanged=7, image="", settings=None, command="make drift STACK=dev")
    )


class TestDrift:
    def test_nothing(self, stack: Api) -> None:
        report = drift()
        assert report.code is ExitCode.NO_CHANGE, report.errors
        assert stack.patched == []

    def test_an_addition_is_a_change_with_its_owner(self, stack: Api) -> None:
        stack.there[PATH] = with_variable()
        report = drift()
        assert report.code is ExitCode.CHANGE
        assert report.unchanged == 6
        text = markdown.write(report)
        assert "1 change behind Pulumi's back" in text and "`make refresh STACK=dev`" in text
        assert (
            f"- Deployment mimir-dev: spec.template.spec.containers[mimir].env[EXTRA] added by kubectl-set at {AT}"
            in text
        )
        assert json.loads(as_json.write(report))["changes"][0]["paths"] == [
            "spec.template.spec.containers[mimir].env[EXTRA]"
        ]
        assert len(stack.there[PATH]["spec"]["template"]["spec"]["containers"][0]["env"]) == 2, "nothing was changed"

    def test_a_change_that_pulumi_has_found_gets_its_owner(self, stack: Api) -> None:
        live_object = live(owned(("f:spec", "f:replicas"), manager="kubectl", subresource="scale"))
        live_object["spec"]["replicas"] = 0
        stack.there[PATH] = live_object
        reported = Change(urn(PODS), "update", ("spec.replicas",))
        report = in_report.add(Report("dev", "drift", [reported], Meaning(), unchanged=6, image="", settings=None))
        assert [change.paths for change in report.changes] == [("spec.replicas",)]
        assert report.unchanged == 6
        assert report.changed_by == [f"Deployment mimir-dev: spec.replicas changed by kubectl at {AT}"]

    def test_a_default_that_somebody_wrote_out_is_no_change(self, stack: Api) -> None:
        """The API server sets it again at once."""
        live_object = live(owned(in_container("f:terminationMessagePath"), manager="kubectl-client-side-apply"))
        container(live_object)["terminationMessagePath"] = "/dev/termination-log"
        stack.there[PATH] = lambda _: live_object  # whatever is removed
        assert drift().code is ExitCode.NO_CHANGE
        assert all("dryRun=All" in path for path, _ in stack.patched)

    def test_a_cluster_that_cannot_be_asked_is_an_error(self, stack: Api) -> None:
        stack.there[PATH] = 500
        report = drift()
        assert report.code is ExitCode.ERROR
        assert report.errors == ["Additions and deletions in the cluster cannot be checked: 500 Internal Server Error"]

    def test_a_claim_that_is_being_deleted_is_said_first(self, stack: Api) -> None:
        claim = {"metadata": {"name": "mimir-dev-data", "deletionTimestamp": AT}, "spec": {}}
        stack.there["/api/v1/namespaces/mimir-dev/persistentvolumeclaims"] = {"items": [claim]}
        report = drift()
        assert report.code is ExitCode.DESTRUCTIVE
        text = markdown.write(report)
        assert text.splitlines()[1] == "### Drift of `dev`: ⛔ data is being deleted in the cluster"
        assert "claim mimir-dev-data in namespace mimir-dev" in text
        assert "make refresh" not in text, "it would restart pods, and with the last of them the claim ends"


class TestRefresh:
    @staticmethod
    def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["ops", *arguments])
        return commands.main()

    def test_additions_are_removed_before_the_update_and_named(
        self, stack: Api, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        stack.there[PATH] = with_variable()
        assert self.run(monkeypatch, "refresh") == 0
        assert container(stack.there[PATH])["env"] == [{"name": "LEVEL", "value": "info"}]
        name = "Deployment mimir-dev: spec.template.spec.containers[mimir].env[EXTRA]"
        assert f"{name} added by kubectl-set at {AT}; removed\n" in capfd.readouterr().out
        assert f"{FORCE}=true\n" in Path("environment").read_text()
        assert stack.patched[-1][0] == f"{PATH}?fieldManager={OWN}", "or the removal would be somebody's own"

    def test_several_of_one_list_are_removed_without_touching_the_others(
        self, stack: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = [f"X{number}" for number in range(12)]
        live_object = live(*(owned(in_container("f:env", f'k:{{"name":"{name}"}}', "f:name")) for name in names))
        container(live_object)["env"] = [*({"name": name} for name in names), {"name": "LEVEL", "value": "info"}]
        stack.there[PATH] = live_object
        assert self.run(monkeypatch, "refresh") == 0
        assert container(stack.there[PATH])["env"] == [{"name": "LEVEL", "value": "info"}]

    def test_a_change_is_left_to_the_update(
        self, stack: Api, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        live_object = live(owned(("f:spec", "f:replicas"), manager="kubectl", subresource="scale"))
        live_object["spec"]["replicas"] = 0
        stack.there[PATH] = live_object
        assert self.run(monkeypatch, "refresh") == 0
        assert f"spec.replicas changed by kubectl at {AT}; this update reverts it\n" in capfd.readouterr().out
        assert stack.patched == []

    def test_up_takes_nothing_back(self, stack: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        """A conflict with another field manager ends it; nobody's change is lost unseen."""
        stack.there[PATH] = with_variable()
        self.run(monkeypatch, "up")
        assert len(container(stack.there[PATH])["env"]) == 2
        assert FORCE not in Path("environment").read_text()

    def test_a_cluster_that_is_away_is_left_to_the_update(
        self, stack: Api, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Which says why, and what to do about it."""
        monkeypatch.setattr("ops.update.policy_packs.is_enforced", lambda _: False)  # or a preview comes first
        file = Path("kubeconfig")
        file.write_text(file.read_text().replace(stack.url, "http://127.0.0.1:1"))
        assert self.run(monkeypatch, "refresh") == 0
        file.unlink()
        assert self.run(monkeypatch, "refresh") == 0
        assert capfd.readouterr().out.count("Updating (dev)") == 2

    def test_a_refusal_ends_it_before_the_update(
        self, stack: Api, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        stack.there[PATH] = with_variable()
        stack.refuses_patches = True
        assert self.run(monkeypatch, "refresh") == 1
        assert "error: changes in the cluster cannot be reverted: 403 " in capfd.readouterr().err
        assert not Path("called").exists() or "up" not in Path("called").read_text().splitlines()
