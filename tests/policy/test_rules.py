"""Each rule trips over what it is for, alone, in workloads of others and in ours; and lets the same pass without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from mimir_policy.resource import CLAIM, NAMESPACE, VOLUME, Resource
from mimir_policy.rules import RULES
from tests.support.policy import foreign, recorded
from tests.support.policy.cases import NEVER, ON_A_CONTAINER, ON_A_DEPLOYMENT, ON_OTHERS, TOKEN, Case
from tests.support.policy.changes import changed

OTHERS = [(kind, case) for kind, cases in ON_OTHERS.items() for case in cases]


def _all(stack: Iterable[Resource], kind: str) -> list[Resource]:
    """The resources of a kind; of containers those that run."""
    return [one for one in stack if one.kind == kind and one.properties.get("start") is not False]


def _with(stack: Iterable[Resource], resource: Resource, other: Resource) -> list[Resource]:
    """The stack with one resource in another's place."""
    return [other if one is resource else one for one in stack]


def trips(stack: Sequence[Resource], kind: str, case: Case) -> None:
    """In every resource of the kind, the change violates the rule that it is for and no other."""
    resources = _all(stack, kind)
    assert resources, f"there is no {kind}"
    for resource in resources:
        found = recorded.violations(*_with(stack, resource, changed(resource, case.changes)))
        assert {rule for rule, _ in found} == {case.rule, *case.also}, (resource.name, found)
        assert not [text for _, text in found if NEVER in text or TOKEN in text or "hunter2" in text]


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
    stack = foreign.ON_KUBERNETES if _all(foreign.ON_KUBERNETES, kind) else foreign.ON_DOCKER
    trips(stack, kind, case)


@pytest.mark.parametrize("kind", [CLAIM, VOLUME])
@pytest.mark.parametrize("stack", ["prod", "production on an engine"])
def test_a_volume_without_protection_trips(kind: str, stack: str) -> None:
    resources = recorded.of(stack)
    for volume in [one for one in resources if one.type == kind and one.protect]:
        assert recorded.tripped(*_with(resources, volume, replace(volume, protect=False))) == {"volume-protected"}
        early = replace(volume, delete_before_replace=True)
        assert recorded.tripped(*_with(resources, volume, early)) == {"volume-kept"}


def test_a_stateful_set_that_takes_its_claims_along_trips() -> None:
    made = replace(foreign.DEPLOYMENT, type="kubernetes:apps/v1:StatefulSet")
    policy = {"spec/persistentVolumeClaimRetentionPolicy/whenDeleted": "Delete"}
    assert recorded.tripped(*foreign.ON_KUBERNETES, changed(made, policy)) == {"volume-kept"}


@pytest.mark.parametrize("stack", [foreign.ON_KUBERNETES, recorded.of("prod")], ids=["others", "prod"])
def test_a_namespace_with_claims_must_be_protected(stack: tuple[Resource, ...]) -> None:
    [namespace] = [one for one in stack if one.type == NAMESPACE]
    assert recorded.tripped(*_with(stack, namespace, replace(namespace, protect=False))) == {"namespace-protected"}
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
