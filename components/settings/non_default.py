"""Which settings are not as they are by default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.settings import Settings
from components.settings.schema import Section, at, fields, section_of


def changed(settings: Settings, path: str) -> Iterator[str]:
    """The settings at `path` or below it that are not as they are by default."""
    section: Section = settings
    default: Section = Settings()
    *outer, last = path.split(".")
    for name in outer:
        section, default = at(section, name), at(default, name)
    yield from _different(at(section, last), at(default, last), section_of(fields(type(section))[last]), path)


def _different(value: Any, usual: Any, below: type[Section] | None, path: str) -> Iterator[str]:
    if below is None:
        yield from [path] if value != usual else []
        return
    for key, field in fields(below).items():
        yield from _different(at(value, key), at(usual, key), section_of(field), f"{path}.{key}")
