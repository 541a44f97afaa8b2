"""Each known way around the rules is closed, in workloads of others and in ours."""

from __future__ import annotations

import pytest

from mimir_policy.resource import Resource
from tests.support.policy import foreign, recorded
from tests.support.policy.cases import Case
from tests.support.policy.holes import ON_A_CONTAINER, ON_A_DEPLOYMENT, ON_OTHERS, UNKNOWN_KINDS
from tests.support.policy.judge import trips

OTHERS = [(kind, case) for kind, cases in ON_OTHERS.items() for case in cases]


@pytest.mark.parametrize("case", ON_A_DEPLOYMENT, ids=str)
def test_a_deployment_of_others(case: Case) -> None:
    trips(foreign.ON_KUBERNETES, "Deployment", case)


@pytest.mark.parametrize("case", ON_A_DEPLOYMENT, ids=str)
def test_the_deployments_of_stack_prod(case: Case) -> None:
    trips(recorded.of("prod"), "Deployment", case)


@pytest.mark.parametrize("case", ON_A_CONTAINER, ids=str)
def test_a_container_of_others(case: Case) -> None:
    trips(foreign.ON_DOCKER, "Container", case)


@pytest.mark.parametrize("case", ON_A_CONTAINER, ids=str)
def test_the_containers_of_production_on_an_engine(case: Case) -> None:
    trips(recorded.of("production on an engine"), "Container", case)


@pytest.mark.parametrize(("kind", "case"), OTHERS, ids=[f"{kind} {case}" for kind, case in OTHERS])
def test_another_resource(kind: str, case: Case) -> None:
    stack = foreign.ON_KUBERNETES if any(one.kind == kind for one in foreign.ON_KUBERNETES) else foreign.ON_DOCKER
    trips(stack, kind, case)


@pytest.mark.parametrize("resource", UNKNOWN_KINDS, ids=lambda one: f"{one.type} {one.name}")
def test_a_kind_that_no_rule_can_judge(resource: Resource) -> None:
    found = recorded.violations(resource)
    assert "known-kind" in {rule for rule, _ in found}
    assert all("fix: " in text for _, text in found)
