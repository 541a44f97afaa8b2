"""Finds what other field managers have changed in an object or added to it (kubernetes.io: Server-Side Apply).

The API server records for each field who set it last (`metadata.managedFields`). This also detects added fields, which
Pulumi does not: it compares only the stack's inputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ops.display.outputs import SIGNATURE

CLIENT_SIDE = frozenset({"pulumi-kubernetes", "pulumi-resource-kubernetes"})
"""Field managers of the Pulumi provider without server-side apply."""

HARMLESS = frozenset({("spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt")})
"""Field that `kubectl rollout restart` sets: it does not change the pods, and its removal would restart them again."""

ENTRIES = ("annotations", "labels")
"""Maps whose entries may have different owners."""

ADDED_TO = frozenset({"Deployment", "Service", "NetworkPolicy"})
"""Kinds whose `spec` only the stack owns. In other kinds, controllers of the cluster set fields."""


@dataclass(frozen=True)
class ForeignField:
    """A field that differs from the stack's desired state, because another field manager set it.

    Attributes:
        path: keys of objects and indexes of lists, from the object's root.
        name: the path for display; items of a list by their key, such as `env[LOG]`.
        manager: name of the field manager that set it.
        time: when it was set, according to the API server; may be empty.
        is_added: whether the stack does not set the field, so that only its removal reverts the change.
    """

    path: tuple[str | int, ...]
    name: str
    manager: str
    time: str
    is_added: bool

    def __str__(self) -> str:
        verb = "added" if self.is_added else "changed"
        return f"{self.name} {verb} by {self.manager}{f' at {self.time}' if self.time else ''}"


def foreign_fields(live: Mapping[str, Any], inputs: Mapping[str, Any], own: str | None) -> list[ForeignField]:
    """Find the differences between an object and its desired state that other field managers have set.

    Args:
        live: the object in the cluster.
        inputs: the desired state, from the stack's inputs.
        own: the stack's field manager for this object.

    Returns:
        Each field once, sorted by path.
    """
    fields: dict[tuple[str | int, ...], ForeignField] = {}
    for entry in (live.get("metadata") or {}).get("managedFields") or []:
        if entry.get("manager") in (own, *CLIENT_SIDE) or entry.get("subresource") == "status":
            continue
        for path, name, is_added in _walk(entry.get("fieldsV1") or {}, live, inputs, (), ""):
            if not is_added or _is_owned_by_stack(live, path):
                fields[path] = ForeignField(path, name, entry.get("manager", ""), entry.get("time", ""), is_added)
    return sorted(fields.values(), key=lambda field: [str(part) for part in field.path])


def _is_owned_by_stack(live: Mapping[str, Any], path: tuple[str | int, ...]) -> bool:
    """Whether an added field belongs to the stack alone: `replicas` belongs to an autoscaler if the stack omits it."""
    return live.get("kind") in ADDED_TO and path[0] == "spec" and path != ("spec", "replicas") and path not in HARMLESS


def _walk(
    fields: Mapping[str, Any], live: Any, desired: Any, path: tuple[str | int, ...], name: str
) -> Iterator[tuple[tuple[str | int, ...], str, bool]]:
    """Yield path, name and `is_added` of each owned and existing field under `path` that differs from `desired`."""
    if isinstance(desired, Mapping) and SIGNATURE in desired:
        return
    for key, below in fields.items():
        if key == "." or key.startswith("v:"):  # members of sets: finalizers, which the cluster sets
            continue
        step, label, live_value, desired_value = _child(key, live, desired)
        if live_value is None:
            continue  # removed since
        here, shown = (*path, step), f"{name}{label}".removeprefix(".")
        if desired_value is None and step in ENTRIES:
            desired_value = {}  # each entry is compared separately
        if desired_value is None:
            yield here, shown, True
        elif set(below) - {"."}:
            yield from _walk(below, live_value, desired_value, here, shown)
        elif not _matches(desired_value, live_value):
            yield here, shown, False


def _child(key: str, live: Any, desired: Any) -> tuple[str | int, str, Any, Any]:
    """One level down in both trees: `f:name` is a field, `k:{…}` a list item by its keys, `i:0` one by index."""
    kind, _, rest = key.partition(":")
    if kind == "f":
        return rest, f".{rest}", _get(live, rest), _get(desired, rest)
    if kind == "k":
        keys = json.loads(rest)
        index, item = _item(live, keys)
        return index, f"[{','.join(str(value) for value in keys.values())}]", item, _item(desired, keys)[1]
    index = int(rest)
    return index, f"[{index}]", _at(live, index), _at(desired, index)


def _get(tree: Any, name: str) -> Any:
    return tree.get(name) if isinstance(tree, Mapping) else None


def _at(tree: Any, index: int) -> Any:
    return tree[index] if isinstance(tree, list) and index < len(tree) else None


def _item(tree: Any, keys: Mapping[str, Any]) -> tuple[int, Any]:
    """The list item with these keys; a key that the stack omits has its default (`protocol`), and counts as equal."""
    for index, item in enumerate(tree if isinstance(tree, list) else []):
        if isinstance(item, Mapping) and all(item.get(key, value) == value for key, value in keys.items()):
            return index, item
    return 0, None


def _matches(desired: Any, live: Any) -> bool:
    """Whether `live` contains `desired`; its objects may have more fields, because the API server adds defaults."""
    if isinstance(desired, Mapping):
        if SIGNATURE in desired:
            return True  # encrypted: cannot be compared
        return isinstance(live, Mapping) and all(_matches(value, live.get(key)) for key, value in desired.items())
    if isinstance(desired, list):
        return (
            isinstance(live, list)
            and len(desired) == len(live)
            and all(_matches(*pair) for pair in zip(desired, live, strict=True))
        )
    return bool(desired == live)
