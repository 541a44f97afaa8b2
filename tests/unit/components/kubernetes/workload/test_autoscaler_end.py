"""Autoscaling that is switched off: the number of pods is taken over from the autoscaler, and from nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from components.kubernetes.scope import Scope
from components.kubernetes.workload import autoscaler_end
from tests.support.fake_cluster import MIMIR, SETTINGS, Api

DEPLOYMENT = "/apis/apps/v1/namespaces/mimir-dev/deployments/mimir-dev"
AUTOSCALER = "/apis/autoscaling/v2/namespaces/mimir-dev/horizontalpodautoscalers/mimir-dev"
OURS = {"manager": "pulumi-kubernetes", "operation": "Apply"}
AUTOSCALERS = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "scale"}
STATUS = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status"}
PERSONS = {"manager": "kubectl", "operation": "Update", "subresource": "scale"}


@pytest.fixture
def scope(api: Api) -> Scope:
    api.there[DEPLOYMENT] = {"metadata": {"name": "mimir-dev", "managedFields": [OURS, AUTOSCALERS, STATUS]}}
    api.there[AUTOSCALER] = {"metadata": {"name": "mimir-dev"}}
    return Scope(SETTINGS, MIMIR, api.cluster, "mimir-dev")


def changes(api: Api) -> list[str]:
    """What was changed, in order."""
    return [line for line in api.asked if not line.startswith("GET")]


def test_the_autoscaler_goes_first_and_then_its_entry(api: Api, scope: Scope) -> None:
    autoscaler_end.end(scope, "application")
    assert changes(api) == [f"DELETE {AUTOSCALER}", f"PATCH {DEPLOYMENT}"]
    [(_, patch)] = api.patched
    assert patch == [
        {"op": "test", "path": "/metadata/managedFields/1/manager", "value": "kube-controller-manager"},
        {"op": "remove", "path": "/metadata/managedFields/1"},
    ]


@pytest.mark.parametrize("fields", [[OURS, STATUS], [OURS, PERSONS], []], ids=["none", "a person", "unknown"])
def test_nothing_is_taken_from_anybody_else(api: Api, scope: Scope, fields: list[Any]) -> None:
    api.there[DEPLOYMENT]["metadata"]["managedFields"] = fields
    autoscaler_end.end(scope, "application")
    assert changes(api) == []


def test_an_autoscaler_that_is_gone_is_no_trouble(api: Api, scope: Scope) -> None:
    del api.there[AUTOSCALER]
    autoscaler_end.end(scope, "application")
    assert len(api.patched) == 1


def test_a_refusal_stops_the_update(api: Api, scope: Scope) -> None:
    api.there[AUTOSCALER] = 403
    with pytest.raises(ApiException):
        autoscaler_end.end(scope, "application")
    assert api.patched == []
