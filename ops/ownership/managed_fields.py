"""What other field managers have changed in an object or added to it (kubernetes.io: Server-Side Apply).

The API server records for each field who set it last (`metadata.managedFields`). So what somebody added beside the
fields of the stack is found as well: it is in no input of the stack, and Pulumi compares inputs only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ops.display.outputs import SIGNATURE

CLIENT_SIDE = frozenset({"pulumi-kubernetes", "pulumi-resource-kubernetes"})
"""Field managers of the provider itself without server-side apply."""

HARMLESS = frozenset({("spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt")})
"""What `kubectl rollout restart` writes: it changes nothing of the pods, and its removal would restart them again."""

ENTRIES = ("annotations", "labels")
"""Maps in which entries of several owners stand side by side."""

ADDED_TO = frozenset({"Deployment", "Service", "NetworkPolicy"})
"""Kinds whose `spec` is the stack's alone. In other kinds controllers of the cluster write fields of their own."""


@dataclass(frozen=True)
class ForeignField:
    """A field that is not as the stack wants it, because somebody else set it.

    Attributes:
        path: keys of objects and indexes of lists, from the object's root.
        name: the path for people; items of a list by their key, such as `env[LOG]`.
        manager: name of the field manager that set it.
        time: when, as the API server says; empty where it does not.
        is_added: whether the stack says nothing about it, so that only its removal takes it back.
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
    """What differs in `live` from `inputs`, as far as another field manager than the stack's has set it.

    Args:
        live: the object as the API has it.
        inputs: the object as the stack wants it.
        own: the stack's field manager for this object.

    Returns:
        Each field once, in the order of their paths.
    """
    fields: dict[tuple[str | int, ...], ForeignField] = {}
    for entry in (live.get("metadata") or {}).get("managedFields") or []:
        if entry.get("manager") in (own, *CLIENT_SIDE) or entry.get("subresource") == "status":
            continue
        for path, name, is_added in _walk(entry.get("fieldsV1") or {}, live, inputs, (), ""):
            if not is_added or _is_the_stacks(live, path):
                fields[path] = ForeignField(path, name, entry.get("manager", ""), entry.get("time", ""), is_added)
    return sorted(fields.values(), key=lambda field: [str(part) for part in field.path])


def _is_the_stacks(live: Mapping[str, Any], path: tuple[str | int, ...]) -> bool:
    """Whether an added field may be judged: an autoscaler decides on `replicas` where the stack says nothing."""
    return live.get("kind") in ADDED_TO and path[0] == "spec" and path != ("spec", "replicas") and path not in HARMLESS


def _walk(
    fields: Mapping[str, Any], live: Any, wanted: Any, path: tuple[str | int, ...], name: str
) -> Iterator[tuple[tuple[str | int, ...], str, bool]]:
    """Path, name and «is added» of each field under `path` that is owned, there, and not as wanted."""
    if isinstance(wanted, Mapping) and SIGNATURE in wanted:
        return
    for key, below in fields.items():
        if key == "." or key.startswith("v:"):  # members of sets: finalizers, which are the cluster's
            continue
        step, label, live_value, wanted_value = _child(key, live, wanted)
        if live_value is None:
            continue  # owned once, and gone since
        here, shown = (*path, step), f"{name}{label}".removeprefix(".")
        if wanted_value is None and step in ENTRIES:
            wanted_value = {}  # each entry is judged for itself
        if wanted_value is None:
            yield here, shown, True
        elif set(below) - {"."}:
            yield from _walk(below, live_value, wanted_value, here, shown)
        elif not _is_as_wanted(wanted_value, live_value):
            yield here, shown, False


def _child(key: str, live: Any, wanted: Any) -> tuple[str | int, str, Any, Any]:
    """One step into both trees: `f:name` is a field, `k:{…}` an item of a list by its keys, `i:0` one by its place."""
    kind, _, rest = key.partition(":")
    if kind == "f":
        return rest, f".{rest}", _get(live, rest), _get(wanted, rest)
    if kind == "k":
        keys = json.loads(rest)
        index, item = _item(live, keys)
        return index, f"[{','.join(str(value) for value in keys.values())}]", item, _item(wanted, keys)[1]
    index = int(rest)
    return index, f"[{index}]", _at(live, index), _at(wanted, index)


def _get(tree: Any, name: str) -> Any:
    return tree.get(name) if isinstance(tree, Mapping) else None


def _at(tree: Any, index: int) -> Any:
    return tree[index] if isinstance(tree, list) and index < len(tree) else None


def _item(tree: Any, keys: Mapping[str, Any]) -> tuple[int, Any]:
    """The item of a list that has these keys; a default that the stack leaves out (`protocol`) counts as the same."""
    for index, item in enumerate(tree if isinstance(tree, list) else []):
        if isinstance(item, Mapping) and all(item.get(key, value) == value for key, value in keys.items()):
            return index, item
    return 0, None


def _is_as_wanted(wanted: Any, live: Any) -> bool:
    """Whether `live` has what is `wanted`; more may be in its objects, because the API server adds defaults."""
    if isinstance(wanted, Mapping):
        if SIGNATURE in wanted:
            return True  # nobody here can read it
        return isinstance(live, Mapping) and all(_is_as_wanted(value, live.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(live, list)
            and len(wanted) == len(live)
            and all(_is_as_wanted(*pair) for pair in zip(wanted, live, strict=True))
        )
    return bool(wanted == live)
