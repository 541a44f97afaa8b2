"""Properties as they go from a program to Pulumi's engine, with secrets and unknowns still told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pulumi.runtime import rpc


@dataclass(frozen=True)
class Secret:
    """A value that the engine will encrypt in the state and hide in what it prints."""

    value: Any


@dataclass(frozen=True)
class Unknown:
    """A value that is known only after the update."""


UNKNOWN = Unknown()


def decode(message: Any) -> dict[str, Any]:
    """The properties in `message`, a protobuf Struct."""
    return {key: _value(value) for key, value in message.items()}


def _value(value: Any) -> Any:
    if value == rpc.UNKNOWN:
        return UNKNOWN
    if value is None or isinstance(value, str | float | bool):
        return value
    if not hasattr(value, "fields"):
        return [_value(one) for one in value]
    fields = decode(value)
    return Secret(fields["value"]) if fields.get(rpc._special_sig_key) == rpc._special_secret_sig else fields


def in_the_clear(value: Any) -> str:
    """Everything in `value` that anyone may read, as one text."""
    return json.dumps(list(_readable(value)), ensure_ascii=False)


def _readable(value: Any) -> Iterator[Any]:
    if isinstance(value, Secret | Unknown):
        return
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _readable(one)
    elif isinstance(value, list):
        for one in value:
            yield from _readable(one)
    else:
        yield value
