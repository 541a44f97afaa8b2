"""Translates pydantic's validation errors into problems with the keys of a stack file."""

from __future__ import annotations

import difflib
import json
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from components.problems import Problem, remove
from components.settings import Settings
from components.settings.schema import Section, about, fields, is_secret, members_of, section_of

Path = tuple[str | int, ...]
"""A location in the settings: keys, and indices of lists."""


def validation(error: Mapping[str, Any]) -> Problem:
    """The problem that one entry of `ValidationError.errors()` describes."""
    path: Path = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        return _unknown(path)
    depth, field = _field(path)
    key = _key(path[:depth])
    return Problem(key, _found(error, field), _allowed(error, field), _fix(key, field))


@cache
def secret_settings() -> tuple[tuple[str, ...], ...]:
    """The path of every setting that contains a secret."""
    return tuple(_secrets(Settings))


def _secrets(section: type[Section], *parents: str) -> Iterator[tuple[str, ...]]:
    for name, field in fields(section).items():
        if subsection := section_of(field):
            yield from _secrets(subsection, *parents, name)
        elif is_secret(field):
            yield (*parents, name)


def _field(path: Path) -> tuple[int, FieldInfo | None]:
    """The number of elements of `path` that name a setting, and the setting.

    Further elements are indices and keys inside its value. The setting is None if the path ends at a section, whose
    value then has the wrong type.
    """
    section: type[Section] | None = Settings
    field = None
    for depth, name in enumerate(path):
        if section is None:
            return depth, field
        field = fields(section).get(str(name))
        section = section_of(field)
    return len(path), None if section else field


def _key(path: Path) -> str:
    return "mimir:" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _found(error: Mapping[str, Any], field: FieldInfo | None) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if field is None or is_secret(field):  # no field: a section of the wrong type
        return "a value of the wrong form (not shown, it may hold a secret)"
    return json.dumps(error["input"], default=str)


def _allowed(error: Mapping[str, Any], field: FieldInfo | None) -> str:
    allowed = about(field, "allowed") if field is not None else "an object of keys and values"
    return str(allowed)


def _fix(key: str, field: FieldInfo | None) -> str:
    if field is None:
        return remove(key)
    if is_secret(field):
        return f"pulumi config set --secret --path '{key}' {about(field, 'example') or '# asks for the value'}"
    example = about(field, "example")
    if example is None or isinstance(example, tuple | list | dict):
        return remove(key)
    text = json.dumps(example) if isinstance(example, bool | int | float) else _for_a_shell(str(example))
    return f"pulumi config set --path '{key}' {text}"


def _for_a_shell(example: str) -> str:
    """`example` as one shell word. A redirection stays as it is: PEM text as an argument would be parsed as a flag."""
    return example if example.startswith("< ") else shlex.quote(example)


def _unknown(path: Path) -> Problem:
    section = _section_at(path[:-1])
    keys = sorted(fields(section)) if section else []
    close = difflib.get_close_matches(str(path[-1]), keys, n=1)
    allowed = f"did you mean {close[0]}? " if close else ""
    return Problem(_key(path), "an unknown key", f"{allowed}known here: {', '.join(keys)}", remove(_key(path)))


def _section_at(path: Path) -> type[Section] | None:
    """The section at `path`, which may be a member of a list of sections; None if there is none."""
    section: type[Section] | None = Settings
    for name in path:
        if section and isinstance(name, str):
            field = fields(section).get(name)
            section = section_of(field) or members_of(field)
    return section
