"""The base class of all settings sections, and the metadata of a setting."""

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
    """A setting with the texts for its documentation and its errors.

    Args:
        default: value if the stack does not set it.
        description: meaning, with its unit.
        allowed: accepted values, in words, for the error message.
        example: value for the command that fixes an invalid one; by default `default`.
        constraints: constraints of pydantic (`ge`, `pattern`, ...).
    """
    shown = default if example is None else example
    return Field(
        default, description=description, json_schema_extra={"allowed": allowed, "example": shown}, **constraints
    )


def about(field: FieldInfo, what: str) -> Any:
    """Metadata that `setting` stored.

    Args:
        field: field of the setting.
        what: `allowed` or `example`.

    Returns:
        None if there is none.
    """
    extra = field.json_schema_extra
    return extra.get(what) if isinstance(extra, dict) else None


def fields(section: type[Section]) -> dict[str, FieldInfo]:
    """The settings of a section, by their keys in a stack file."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def attribute(section: type[Section], key: str) -> str:
    """The name of a setting's Python attribute.

    Args:
        section: section of the setting.
        key: key of the setting in a stack file.

    Raises:
        StopIteration: if the section has no such setting.
    """
    return next(name for name, field in section.model_fields.items() if key in (field.alias, name))


def at(section: Section, key: str) -> Any:
    """The value of a setting.

    Args:
        section: section of the setting.
        key: key of the setting in a stack file.
    """
    return getattr(section, attribute(type(section), key))


def section_of(field: FieldInfo | None) -> type[Section] | None:
    """The section class of a setting, or None if the setting is a plain value."""
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def members_of(field: FieldInfo | None) -> type[Section] | None:
    """The section class of a list setting's members, or None if they are plain values or the setting is no list."""
    for kind in get_args(field.annotation) if field else ():
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting contains one or more secrets."""

    def mentions(annotation: Any) -> bool:
        return annotation is SecretStr or any(mentions(inner) for inner in get_args(annotation))

    return mentions(field.annotation)
