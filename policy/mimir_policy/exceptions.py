"""Accepted violations: exceptions.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mimir_policy.allowed import INTERNAL
from mimir_policy.resource import Resource
from mimir_policy.rule import Rule, Violation
from mimir_policy.values import dig

FILE = Path(__file__).with_name("exceptions.yaml")
SHORTEST_REASON = 20
"""Minimum length in characters. «No» and «later» are no reasons."""


@dataclass(frozen=True)
class PolicyException:
    """One exception, which covers a violation only if everything matches.

    Attributes:
        rules: names of the rules that it applies to.
        type: type token of the resource.
        name: name of the resource in the program; `*` matches any text.
        reason: why the violation is accepted.
        found: regular expression that the violation's value must match.
        where: properties that the resource must have, by path, with their values.
        only: the properties that the resource may have, with the allowed values, or `any`. Without it, every property.
    """

    rules: tuple[str, ...]
    type: str
    name: str
    reason: str
    found: str = ".*"
    where: Mapping[str, Any] = field(default_factory=dict)
    only: Mapping[str, Any] | None = None

    def covers(self, rule: Rule, resource: Resource, violation: Violation) -> bool:
        """Whether the exception accepts `violation` of `rule` by `resource`."""
        return (
            rule.name in self.rules
            and resource.type == self.type
            and fnmatchcase(resource.name, self.name)
            and re.fullmatch(self.found, str(violation.found), re.DOTALL) is not None
            and all(dig(resource.properties, *path.split(".")) == value for path, value in self.where.items())
            and all(self._may_have(name, value) for name, value in resource.properties.items())
        )

    def _may_have(self, name: str, value: Any) -> bool:
        """Whether `only` allows the property."""
        if self.only is None or value is None or name in INTERNAL:
            return True
        allowed = self.only.get(name, [])
        return allowed == "any" or value in allowed


@cache
def load() -> tuple[PolicyException, ...]:
    """The exceptions.

    Raises:
        ValueError: an exception has no reason, or too short a one.
    """
    exceptions = tuple(
        PolicyException(**{**entry, "rules": tuple(entry["rules"])}) for entry in yaml.safe_load(FILE.read_text())
    )
    for exception in exceptions:
        if len(exception.reason.strip()) < SHORTEST_REASON:
            raise ValueError(f"{FILE.name}: {exception.name}: it has no reason")
    return exceptions


def unexcused(rule: Rule, resource: Resource, violations: Iterable[Violation]) -> list[Violation]:
    """The violations of a resource that no exception covers."""
    return [
        violation
        for violation in violations
        if not any(exception.covers(rule, resource, violation) for exception in load())
    ]
