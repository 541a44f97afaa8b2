"""Only kinds and fields in the allow list: everything else is refused, because no rule checks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mimir_policy import allowed
from mimir_policy.allowed import Field
from mimir_policy.resource import Resource
from mimir_policy.rule import Rule, Settings, Violation
from mimir_policy.secret_signs import signs
from mimir_policy.values import UNKNOWN, Hidden

EXTEND = "or have your platform team allow it in policy/extensions.yaml, with a reason (docs/policy.md)"


class Described(str):
    """A description that a message shows in place of a value."""

    def __repr__(self) -> str:
        return str(self)


def _kind(resource: Resource, _: Settings) -> Iterator[Violation]:
    if not allowed.is_known_kind(resource):
        yield Violation("type", resource.type, "the kinds in policy/mimir_policy/allowed")


def _field(resource: Resource, _: Settings) -> Iterator[Violation]:
    if not allowed.is_known_kind(resource):
        return  # the other rule reports it
    for field in allowed.fields(resource):
        if field.leaf is None:
            yield Violation(field.property, _shown(field), "not to be set")
        elif field.leaf.values:
            disallowed = [item for item in _each(field.value) if item is not UNKNOWN and not _is_among(item, field)]
            if disallowed:
                values = ", ".join(
                    str(value).lower() if isinstance(value, bool) else repr(value) for value in field.leaf.values
                )
                yield Violation(field.property, _shown(field), values)
        elif not field.leaf.may_hold_more and any(isinstance(item, Mapping) for item in _each(field.value)):
            yield Violation(field.property, "an object", "a text, a number, a switch, or a list of them")


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_among(value: Any, field: Field) -> bool:
    assert field.leaf
    return any(
        type(value) is type(allowed_value) and value == allowed_value
        for allowed_value in field.leaf.values
        if not isinstance(value, Hidden)
    )


def _shown(field: Field) -> Any:
    """The value, unless it may be long or a secret."""
    value = field.value
    if isinstance(value, str) and (isinstance(value, Hidden) or any(signs(field.name, value))):
        return Described("a secret")
    return value if isinstance(value, str | bool | int | float) else Described("set")


RULES = (
    Rule(
        name="known-kind",
        what="Only resources of known kinds are made: those that the other rules can judge.",
        why="NIST SP 800-53 Rev. 5 CM-7(5) (deny by default, allow by exception); the pack cannot judge what it does "
        "not know: Helm releases, patches and lists, Swarm services, plugins, commands, a cluster's own volumes, roles",
        fix=f"write it with kinds that are known, {EXTEND}",
        severity="critical",
        of_resource=_kind,
    ),
    Rule(
        name="known-field",
        what="Only known fields are set, to known values where these are few: those that the other rules can judge.",
        why="NIST SP 800-53 Rev. 5 CM-7(5) (deny by default, allow by exception); Pod Security Standards restricted",
        fix=f"leave it out, {EXTEND}",
        severity="critical",
        of_resource=_field,
    ),
)
