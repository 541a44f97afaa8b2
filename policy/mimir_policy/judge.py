"""Runs rules and writes their messages, without secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mimir_policy.exceptions import unexcused
from mimir_policy.resource import Resource
from mimir_policy.rule import Rule, Settings, Violation
from mimir_policy.values import hidden_texts

SHORTEST_SECRET = 4
"""Minimum characters of a masked secret: shorter ones occur in ordinary words, and are easier to guess than to find."""


def resource_messages(rule: Rule, resource: Resource, settings: Settings) -> Iterator[str]:
    """A message for each violation of a resource that no exception covers."""
    violations = rule.of_resource(resource, rule.configured(settings)) if rule.of_resource else ()
    return (_message(rule, resource, violation) for violation in unexcused(rule, resource, violations))


def stack_messages(rule: Rule, resources: Sequence[Resource], settings: Settings) -> Iterator[tuple[Resource, str]]:
    """The resource and a message for each violation that a rule finds in the whole stack."""
    for violation in rule.of_stack(resources, rule.configured(settings)) if rule.of_stack else ():
        if violation.resource and unexcused(rule, violation.resource, [violation]):
            yield violation.resource, _message(rule, violation.resource, violation)


def _message(rule: Rule, resource: Resource, violation: Violation) -> str:
    text = f"{resource.kind} {resource.name}: {violation}\nfix: {rule.fix}"
    for secret in hidden_texts(resource.properties):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "[secret]")
    return text
