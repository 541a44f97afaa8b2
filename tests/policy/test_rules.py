"""Each rule trips over what it is for, alone, in workloads of others and in ours; and lets the same pass without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mimir_policy.resource import CLAIM, NAMESPACE, VOLUME, Resource
from mimir_policy.rules import RULES
from tests.support.policy import foreign, recorded
from tests.support.policy.cases import ON_A_CONTAINER, ON_A_DEPLOYMENT, ON_OTHERS, Case
from tests.support.policy.changes import changed
from tests.support.policy.judge import resources_of_kind, trips, with_resource

OTHERS = [(kind, case) for kind, cases in ON_OTHERS.items() for case in cases]


@pytest.mark.parametrize("stack", [foreign.ON_KUBERNETES, foreign.ON_DOCKER], ids=["kubernetes", "docker"])
def test_workloads_of_others_without_a_fault_pass(stack: tuple[Resource, ...]) -> None:
    assert recorded.violations(*stack) == []


@pytest.mark.parametrize("case", ON_A_DEPLOYMENT, ids=str)
def test_a_deployment_of_others_trips(case: Case) -> None:
    trips(foreign.ON_KUBERNETES, "Deployment", case)


@pytest.mark.parametrize("case", ON_A_DEPLOYMENT, ids=str)
def test_the_deployments_of_stack_prod_trip(case: Case) -> None:
    trips(recorded.of("prod"), "Deployment", case)


@pytest.mark.parametrize("case", ON_A_CONTAINER, ids=str)
def test_a_container_of_others_trips(case: Case) -> None:
    trips(foreign.ON_DOCKER, "Container", case)


@pytest.mark.parametrize("case", ON_A_CONTAINER, ids=str)
def test_the_containers_of_production_on_an_engine_trip(case: Case) -> None:
    trips(recorded.of("production on an engine"), "Container", case)


@pytest.mark.parametrize(("kind", "case"), OTHERS, ids=[f"{kind} {case}" for kind, case in OTHERS])
def test_another_resource_trips(kind: str, case: Case) -> None:
    stack = foreign.ON_KUBERNETES if resources_of_kind(foreign.ON_KUBERNETES, kind) else foreign.ON_DOCKER
    trips(stack, kind, case)


@pytest.mark.parametrize("kind", [CLAIM, VOLUME])
@pytest.mark.parametrize("stack", ["prod", "production on an engine"])
def test_a_volume_without_protection_trips(kind: str, stack: str) -> None:
    resources = recorded.of(stack)
    for volume in [one for one in resources if one.type == kind and one.protect]:
        assert recorded.tripped(*with_resource(resources, volume, replace(volume, protect=False))) == {
            "volume-protected"
        }
        early = replace(volume, delete_before_replace=True)
        assert recorded.tripped(*with_resource(resources, volume, early)) == {"volume-kept"}


def test_a_stateful_set_that_takes_its_claims_along_trips() -> None:
    made = replace(foreign.DEPLOYMENT, type="kubernetes:apps/v1:StatefulSet")
    policy = {"spec/persistentVolumeClaimRetentionPolicy/whenDeleted": "Delete"}
    assert recorded.tripped(*foreign.ON_KUBERNETES, changed(made, policy)) == {"volume-kept"}


@pytest.mark.parametrize("stack", [foreign.ON_KUBERNETES, recorded.of("prod")], ids=["others", "prod"])
def test_a_namespace_with_claims_must_be_protected(stack: tuple[Resource, ...]) -> None:
    [namespace] = [one for one in stack if one.type == NAMESPACE]
    assert recorded.tripped(*with_resource(stack, namespace, replace(namespace, protect=False))) == {
        "namespace-protected"
    }
    [claims_gone] = [[one for one in stack if one.type not in (CLAIM, NAMESPACE)]]
    assert recorded.violations(*claims_gone, replace(namespace, protect=False)) == []


@pytest.mark.parametrize(
    "hidden",
    ["kubernetes:helm.sh/v3:Release", "docker:index/service:Service", "kubernetes:apps/v1:DeploymentPatch"],
)
def test_what_hides_its_containers_trips(hidden: str) -> None:
    resource = replace(foreign.DEPLOYMENT, type=hidden, properties={})
    assert recorded.tripped(resource) == {"known-kind"}


def test_an_image_of_one_platform_trips() -> None:
    built = Resource("docker:index/image:Image", "built", {"build": {"platform": "linux/amd64"}})
    assert recorded.tripped(built) == {"image-platforms"}


def test_every_rule_is_tripped_by_something() -> None:
    cases = {case.rule for case in (*ON_A_DEPLOYMENT, *ON_A_CONTAINER, *(case for _, case in OTHERS))}
    alone = {"volume-protected", "volume-kept", "namespace-protected", "known-kind", "known-field"}
    assert cases | alone == {rule.name for rule in RULES}


def test_rules_have_names_of_their_own_and_say_why_and_what_to_do() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.what and rule.why and rule.fix, rule.name
        assert bool(rule.of_resource) != bool(rule.of_stack), "it would be one policy of the SDK, and so one of them"
