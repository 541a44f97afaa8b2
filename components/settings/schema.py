"""The base of every settings section, and what a setting says about itself."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo


class Section(BaseModel):
    """One top-level object of the stack's configuration: frozen, and unknown keys are refused.

    Keys are written in camelCase in a stack file (Pulumi's convention) and in snake_case here.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


def setting(default: Any, description: str, *, allowed: str, example: Any = None, **constraints: Any) -> Any:
    """A setting with the words that an error about it needs.

    Args:
        default: the value when the stack says nothing.
        description: what it means, with its unit.
        allowed: what is accepted, in words, for the error message.
        example: a value for the command that fixes a bad one; the default where there is one.
        constraints: pydantic's own (`ge`, `pattern`, ...).
    """
    shown = default if example is None else example
    return Field(
        default, description=description, json_schema_extra={"allowed": allowed, "example": shown}, **constraints
    )


def about(field: FieldInfo, what: str) -> Any:
    """What `setting` recorded under `what` ("allowed" or "example"), or None."""
    extra = field.json_schema_extra
    return extra.get(what) if isinstance(extra, dict) else None


def fields(section: type[Section]) -> dict[str, FieldInfo]:
    """The section's settings by the keys that a stack file uses."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def attribute(section: type[Section], key: str) -> str:
    """The name here of the setting that a stack file calls `key`."""
    return next(name for name, field in section.model_fields.items() if key in (field.alias, name))


def at(section: Section, key: str) -> Any:
    """The value of a setting, by the key that a stack file has for it."""
    return getattr(section, attribute(type(section), key))


def section_of(field: FieldInfo | None) -> type[Section] | None:
    """The section that a setting is, or None when it is a plain value."""
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def members_of(field: FieldInfo | None) -> type[Section] | None:
    """The section that each member of a list setting is, or None when it is a list of plain values or no list."""
    for kind in get_args(field.annotation) if field else ():
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting holds a secret, or several."""

    def mentions(annotation: Any) -> bool:
        return annotation is SecretStr or any(mentions(inner) for inner in get_args(annotation))

    return mentions(field.annotation)
