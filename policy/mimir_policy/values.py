"""What a property may be besides its plain value: not known yet, or a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

LONGEST_SHOWN = 80
"""Maximum characters of a value in a message."""


class Unknown:
    """A value that is known only during the update. Rules skip it in a preview and check it in the update."""

    def __repr__(self) -> str:
        return "not known yet"


UNKNOWN: Final = Unknown()


class Hidden(str):
    """A text that Pulumi encrypts. Rules judge it as any other, and never show it."""


def show(value: Any) -> str:
    """A value as text for a message."""
    match value:
        case None:
            return "not set"
        case Hidden():
            return "a secret"
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case str() | list() | dict():
            text = repr(value)
            return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
    return str(value)


def dig(value: Any, *path: str | int) -> Any:
    """The value at `path` in `value`: None if it is not set, UNKNOWN if it is not known yet."""
    for key in path:
        if value is UNKNOWN:
            return UNKNOWN
        if isinstance(key, int):
            value = value[key] if isinstance(value, list) and key < len(value) else None
        else:
            value = value.get(key) if isinstance(value, Mapping) else None
    return value


def items(value: Any) -> list[Any]:
    """The elements of a list; none where it is not set or not known yet."""
    return [item for item in value if item is not UNKNOWN] if isinstance(value, list) else []


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping; an empty one where it is not set or not known yet."""
    return value if isinstance(value, Mapping) else {}


def is_known(value: Any) -> bool:
    """Whether no part of `value` is UNKNOWN."""
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, list) else value is not UNKNOWN


def hidden_texts(value: Any) -> Iterator[Hidden]:
    """Every secret text in `value`."""
    if isinstance(value, Hidden):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from hidden_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from hidden_texts(item)
