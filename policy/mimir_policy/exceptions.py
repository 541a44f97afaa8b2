"""What is known, and meant to be so: exceptions.yaml."""

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
"""Characters. «No» and «later» are no reasons."""


@dataclass(frozen=True)
class Known:
    """One exception, which covers a violation only if everything matches.

    Attributes:
        rules: the rules that it is an exception to.
        type: of the resource.
        name: of the resource; `*` stands for any part.
        reason: why it is meant.
        found: what was found, as a regular expression.
        where: properties that the resource must have, by path, with their values.
        only: the properties that it may have, with the values that are allowed, or `any`. Without it, every one.
    """

    rules: tuple[str, ...]
    type: str
    name: str
    reason: str
    found: str = ".*"
    where: Mapping[str, Any] = field(default_factory=dict)
    only: Mapping[str, Any] | None = None

    def covers(self, rule: Rule, resource: Resource, violation: Violation) -> bool:
        """Whether a violation is meant."""
        return (
            rule.name in self.rules
            and resource.type == self.type
            and fnmatchcase(resource.name, self.name)
            and re.fullmatch(self.found, str(violation.found), re.DOTALL) is not None
            and all(dig(resource.properties, *path.split(".")) == value for path, value in self.where.items())
            and all(self._may_have(name, value) for name, value in resource.properties.items())
        )

    def _may_have(self, name: str, value: Any) -> bool:
        """Whether a resource with this property is still what the exception is for."""
        if self.only is None or value is None or name in INTERNAL:
            return True
        allowed = self.only.get(name, [])
        return allowed == "any" or value in allowed


@cache
def load() -> tuple[Known, ...]:
    """The exceptions.

    Raises:
        ValueError: one gives no reason.
    """
    known = tuple(Known(**{**entry, "rules": tuple(entry["rules"])}) for entry in yaml.safe_load(FILE.read_text()))
    for one in known:
        if len(one.reason.strip()) < SHORTEST_REASON:
            raise ValueError(f"{FILE.name}: {one.name}: it has no reason")
    return known


def unexcused(rule: Rule, resource: Resource, violations: Iterable[Violation]) -> list[Violation]:
    """The violations of a resource that no exception covers."""
    return [found for found in violations if not any(one.covers(rule, resource, found) for one in load())]
