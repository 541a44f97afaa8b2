"""What a property may be besides its plain value: not known yet, or a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

LONGEST_SHOWN = 80
"""Characters of a value that a message shows."""


class Unknown:
    """A value that is known only after the update. No rule can judge it before; at the update it is judged again."""

    def __repr__(self) -> str:
        return "not known yet"


UNKNOWN: Final = Unknown()


class Hidden(str):
    """A text that Pulumi encrypts. Rules judge it as any other, and never show it."""


def show(value: Any) -> str:
    """What a message says of a value."""
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
    """What is at `path` below `value`: None where there is nothing, UNKNOWN where that is not known yet."""
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
    return [one for one in value if one is not UNKNOWN] if isinstance(value, list) else []


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping; an empty one where it is not set or not known yet."""
    return value if isinstance(value, Mapping) else {}


def is_known(value: Any) -> bool:
    """Whether nothing in `value` is left for later."""
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, list) else value is not UNKNOWN


def hidden_texts(value: Any) -> Iterator[Hidden]:
    """Every secret text in `value`."""
    if isinstance(value, Hidden):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from hidden_texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from hidden_texts(one)
