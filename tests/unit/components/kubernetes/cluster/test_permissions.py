"""What the deployer may not do is said at once, before anything is created."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.kubernetes.cluster import cluster
from components.kubernetes.cluster.cluster import Cluster
from components.problems import Problem
from components.settings import Settings
from tests.support.configuration import at, merged
from tests.support.fake_cluster import Api
from tests.support.settings_tables import CLUSTER, SHARED

pytestmark = pytest.mark.usefixtures("no_login")

EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}


@pytest.fixture
def base(api: Api, tmp_path: Path) -> dict[str, Any]:
    """Settings that name the API server."""
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(api.kubeconfig))
    return merged(CLUSTER, {"kubernetes": {"kubeconfig": str(file)}})


def look(*settings: dict[str, Any]) -> Cluster | list[Problem]:
    """What is found with these settings."""
    return cluster.inspect_cluster(Settings.model_validate(merged(*settings)), "dev")


def test_everything_that_is_not_allowed_is_listed_with_what_grants_it(api: Api, base: dict[str, Any]) -> None:
    api.forbidden = {("create", "deployments"), ("patch", "deployments"), ("create", "networkpolicies")}
    found = look(base)
    assert isinstance(found, list)
    [problem] = found
    assert problem.key == "mimir:kubernetes.context"
    assert "create, patch deployments.apps in namespace mimir-dev" in problem.found
    assert "create networkpolicies.networking.k8s.io in namespace mimir-dev" in problem.found
    assert "--namespace mimir-dev auth can-i create deployments.apps" in problem.fix
    assert (
        "create role mimir-dev-deployer --verb=create,patch "
        "--resource=deployments.apps,networkpolicies.networking.k8s.io\n" in problem.fix
    )
    assert problem.fix.endswith("create rolebinding mimir-dev-deployer --role=mimir-dev-deployer --user=me@example.com")


def test_who_may_not_create_a_namespace_learns_of_the_setting_for_an_existing_one(
    api: Api, base: dict[str, Any]
) -> None:
    api.forbidden = {("create", "namespaces")}
    found = look(base)
    assert isinstance(found, list)
    [problem] = found
    assert problem.key == "mimir:kubernetes.createNamespace"
    assert problem.fix.startswith("pulumi config set --path 'mimir:kubernetes.createNamespace' false")
    assert "create clusterrole mimir-dev-deployer --verb=create --resource=namespaces" in problem.fix


@pytest.mark.parametrize("config", [{}, at("kubernetes", {"namespace": "mimir-dev", "createNamespace": False})])
def test_a_namespace_that_is_there_need_not_be_created(api: Api, base: dict[str, Any], config: dict[str, Any]) -> None:
    labels = {"app.kubernetes.io/name": "mimir", "app.kubernetes.io/instance": "mimir-dev"} if not config else {}
    api.there["/api/v1/namespaces/mimir-dev"] = {"metadata": {"name": "mimir-dev", "labels": labels}}
    api.forbidden = {(verb, "namespaces") for verb in ("get", "create", "patch", "delete")}
    assert isinstance(look(base, config), Cluster)


def test_what_the_rules_of_the_namespace_allow_is_not_asked_again(api: Api, base: dict[str, Any]) -> None:
    api.rules = [EVERYTHING]
    assert isinstance(look(base), Cluster)
    assert {resource for _, resource in api.reviewed} == {"namespaces"}, "one request, and the cluster's own"


def test_a_rule_for_single_objects_is_no_rule_for_all(api: Api, base: dict[str, Any]) -> None:
    api.rules = [{**EVERYTHING, "resourceNames": ["another"]}]
    api.forbidden = {("create", "secrets")}
    assert isinstance(look(base), list)


def test_only_what_these_settings_create_is_asked_about(api: Api, base: dict[str, Any]) -> None:
    look(base)
    assert not [one for one in api.reviewed if one[1] in ("horizontalpodautoscalers", "ingresses", "httproutes")]
    look(base, SHARED, at("autoscaling.maxReplicas", 3))
    assert ("create", "horizontalpodautoscalers") in api.reviewed


def test_claims_need_not_be_deleted(api: Api, base: dict[str, Any]) -> None:
    api.forbidden = {("delete", "persistentvolumeclaims"), ("list", "secrets")}
    assert isinstance(look(base), Cluster)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_cluster_that_does_not_say_is_not_one_that_refuses(api: Api, base: dict[str, Any], status: int) -> None:
    api.reviews = status
    found = look(base)
    assert isinstance(found, Cluster)
    [warning] = found.warnings
    assert warning.startswith(f"mimir:kubernetes.context: the cluster does not say what this user may do ({status}")


def test_who_may_only_look_can_preview(api: Api, base: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    api.forbidden = {("create", "deployments")}
    found = look(base)
    assert isinstance(found, Cluster)
    [warning] = found.warnings
    assert "An update would fail" in warning and "create deployments.apps in namespace mimir-dev" in warning
