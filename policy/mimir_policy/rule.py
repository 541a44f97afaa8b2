"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mimir_policy.resource import Resource
from mimir_policy.values import show

Severity = Literal["low", "medium", "high", "critical"]
Settings = Mapping[str, Any]
"""What the pack's configuration says of a rule, over the rule's defaults."""


@dataclass(frozen=True)
class PropertyValue:
    """What a resource says of one thing, and the property that says it.

    Attributes:
        value: what the rules judge. `None` stands for nothing.
        property: path of the property.
        shown: what a message shows, where that is not the value.
    """

    value: Any
    property: str
    shown: Any = None


@dataclass(frozen=True)
class Violation:
    """What is wrong with a resource.

    Attributes:
        property: path of the property that is wrong, or missing.
        found: what it is. `None` stands for nothing.
        wanted: what is allowed.
        resource: whose it is, where a rule judges a whole stack.
    """

    property: str
    found: Any
    wanted: str
    resource: Resource | None = None

    def __str__(self) -> str:
        return f"{self.property} is {show(self.found)}; allowed: {self.wanted}."


@dataclass(frozen=True)
class Setting:
    """What the pack's configuration may say of a rule: a list of texts.

    Attributes:
        default: what holds where the configuration says nothing.
        what: its meaning.
    """

    default: tuple[str, ...]
    what: str


OfResource = Callable[[Resource, Settings], Iterable[Violation]]
OfStack = Callable[[Sequence[Resource], Settings], Iterable[Violation]]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: its name in the pack.
        what: what holds, in one sentence.
        why: the standards that ask for it, with their numbers.
        fix: what to do about a violation.
        severity: how bad a violation is.
        of_resource: finds the violations of one resource, before it is touched.
        of_stack: finds those that only resources together show, at the end of a preview or an update.
        settings: what may be configured, by name.
    """

    name: str
    what: str
    why: str
    fix: str
    severity: Severity
    of_resource: OfResource | None = None
    of_stack: OfStack | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)

    def configured(self, given: Settings) -> Settings:
        """The settings with which it judges: `given` over the defaults."""
        return {**{name: setting.default for name, setting in self.settings.items()}, **given}
