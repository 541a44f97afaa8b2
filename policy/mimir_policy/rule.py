"""Rules and violations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mimir_policy.resource import Resource
from mimir_policy.values import show

Severity = Literal["low", "medium", "high", "critical"]
Settings = Mapping[str, Any]
"""A rule's settings in the pack's configuration, merged over its defaults."""


@dataclass(frozen=True)
class PropertyValue:
    """The value of a property, and its path.

    Attributes:
        value: the value that rules check; None if it is not set.
        property: path of the property.
        shown: what a message shows, if that is not `value`.
    """

    value: Any
    property: str
    shown: Any = None


@dataclass(frozen=True)
class Violation:
    """A violation of a rule.

    Attributes:
        property: path of the wrong or missing property.
        found: its value; None if it is not set.
        allowed: what is allowed, as text.
        resource: the violating resource; set by rules that check a whole stack.
    """

    property: str
    found: Any
    allowed: str
    resource: Resource | None = None

    def __str__(self) -> str:
        return f"{self.property} is {show(self.found)}; allowed: {self.allowed}."


@dataclass(frozen=True)
class Setting:
    """A setting of a rule in the pack's configuration: a list of texts.

    Attributes:
        default: its value if the configuration does not set it.
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
        what: the requirement, in one sentence.
        why: the standards that require it, with their numbers.
        fix: how to fix a violation.
        severity: how bad a violation is.
        of_resource: finds the violations of one resource, before it is created or changed.
        of_stack: finds violations in the whole stack, at the end of a preview or an update.
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
        """The rule's settings: `given` over the defaults."""
        return {**{name: setting.default for name, setting in self.settings.items()}, **given}
