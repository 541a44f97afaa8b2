"""A changed resource, judged by the policy pack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mimir_policy.resource import Resource
from tests.support.policy import recorded
from tests.support.policy.cases import NEVER, TOKEN, Case
from tests.support.policy.changes import changed


def resources_of_kind(stack: Iterable[Resource], kind: str) -> list[Resource]:
    """The resources of a kind; of containers those that run."""
    return [one for one in stack if one.kind == kind and one.properties.get("start") is not False]


def with_resource(stack: Iterable[Resource], resource: Resource, other: Resource) -> list[Resource]:
    """The stack with one resource in another's place."""
    return [other if one is resource else one for one in stack]


def trips(stack: Sequence[Resource], kind: str, case: Case) -> None:
    """In every resource of the kind, the change violates the rule that it is for and no other."""
    resources = resources_of_kind(stack, kind)
    assert resources, f"there is no {kind}"
    for resource in resources:
        violations = recorded.violations(*with_resource(stack, resource, changed(resource, case.changes)))
        assert {rule for rule, _ in violations} == {case.rule, *case.also}, (resource.name, violations)
        assert not [text for _, text in violations if NEVER in text or TOKEN in text or "hunter2" in text]
