"""The texts of a resource that must not hold a secret, because everybody with read access to it can read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mimir_policy import allowed
from mimir_policy.allowed import Field
from mimir_policy.resource import CONTAINER, DOCKER, IMAGE, KUBERNETES, Resource
from mimir_policy.rule import PropertyValue
from mimir_policy.values import Hidden
from mimir_policy.view import Text

FLAG = re.compile(r"--?([\w.\-]+)")


def texts(resource: Resource) -> Iterator[Text]:
    """Every text, except names, identifiers and fields that are meant for secrets."""
    if resource.type.startswith((DOCKER, KUBERNETES)) or resource.type == IMAGE:
        for field in allowed.fields(resource):
            words = field.leaf.words if field.leaf else frozenset[str]()
            if not words & {"public", "secret"}:
                yield from _field_texts(resource, field, "encrypted" in words)


def _field_texts(resource: Resource, field: Field, encrypted: bool) -> Iterator[Text]:
    if resource.type == CONTAINER and field.path == ("envs",):
        # An engine has no secrets for containers: encryption by Pulumi is the best that a variable can have.
        for index, variable in enumerate(field.value if isinstance(field.value, list) else []):
            name, _, value = str(variable).partition("=")
            kept = Hidden(value) if isinstance(variable, Hidden) else value
            yield Text(name, PropertyValue(kept, f"envs[{index}] ({name})"), encrypted)
    else:
        for name, value, shown in _texts_in(field.value, field.name, field.property):
            yield Text(name, PropertyValue(value, shown), encrypted)


def _texts_in(value: Any, name: str, shown: str) -> Iterator[tuple[str, str, str]]:
    """Each text, what it is the value of, and where it is."""
    match value:
        case str():
            yield name, value, shown
        case Mapping():
            for key, below in value.items():
                yield from _texts_in(below, str(key), f"{shown}.{key}")
        case list():
            before: Any = None
            for index, item in enumerate(value):
                flag = FLAG.fullmatch(before) if isinstance(before, str) else None
                yield from _texts_in(item, flag.group(1) if flag else "", f"{shown}[{index}]")
                before = item
