"""Settings that differ from their defaults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.settings import Settings
from components.settings.schema import Section, at, fields, section_of


def changed(settings: Settings, path: str) -> Iterator[str]:
    """The paths of the settings that differ from their defaults.

    Args:
        settings: settings of the stack.
        path: dotted path of a setting or a section, in the keys of a stack file; nested settings are included.
    """
    section: Section = settings
    default: Section = Settings()
    *outer, last = path.split(".")
    for name in outer:
        section, default = at(section, name), at(default, name)
    yield from _different(at(section, last), at(default, last), section_of(fields(type(section))[last]), path)


def _different(value: Any, default: Any, section: type[Section] | None, path: str) -> Iterator[str]:
    if section is None:
        yield from [path] if value != default else []
        return
    for key, field in fields(section).items():
        yield from _different(at(value, key), at(default, key), section_of(field), f"{path}.{key}")
