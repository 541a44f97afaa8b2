"""What a rule has against a resource, or a stack, in words that give no secret away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mimir_policy.exceptions import unexcused
from mimir_policy.resource import Resource
from mimir_policy.rule import Rule, Settings, Violation
from mimir_policy.values import hidden_texts

SHORTEST_SECRET = 4
"""Characters: shorter ones would take words apart, and guessing them is easier than finding them."""


def of_resource(rule: Rule, resource: Resource, settings: Settings) -> Iterator[str]:
    """A message for each violation of a resource."""
    found = rule.of_resource(resource, rule.configured(settings)) if rule.of_resource else ()
    return (_message(rule, resource, one) for one in unexcused(rule, resource, found))


def of_stack(rule: Rule, resources: Sequence[Resource], settings: Settings) -> Iterator[tuple[Resource, str]]:
    """Each violation that only resources together show: whose it is, and a message."""
    for found in rule.of_stack(resources, rule.configured(settings)) if rule.of_stack else ():
        if found.resource and unexcused(rule, found.resource, [found]):
            yield found.resource, _message(rule, found.resource, found)


def _message(rule: Rule, resource: Resource, violation: Violation) -> str:
    text = f"{resource.kind} {resource.name}: {violation}\nfix: {rule.fix}"
    for secret in hidden_texts(resource.properties):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "[secret]")
    return text
