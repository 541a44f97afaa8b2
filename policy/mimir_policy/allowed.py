"""The allow list: resource kinds and fields in allowed/*.yaml, and those that policy/extensions.yaml adds.

A file has a tree of fields for each type of resources. A list of objects has the tree of one object, `*` in a name
stands for any part of it, and names that begin with a dot are parts that several types share. At the end of a branch
is one of:

- a list: the values that are allowed;
- words: `any` (every text, number and switch; the rule `secrets` judges the texts), `public` (as `any`, for names and
  identifiers, which may look random, and with whatever is below), `secret` (a place for secrets), `encrypted` (a value
  that Pulumi encrypts is safe there), `refused`, or the names of the rules that judge it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mimir_policy.resource import Resource
from mimir_policy.values import UNKNOWN

FOLDER = Path(__file__).with_name("allowed")
EXTENSIONS = Path(__file__).resolve().parents[1] / "extensions.yaml"
NAMES = ".names"
"""The key with the allowed names of a type's resources in the program. Without it, every name is allowed."""

INTERNAL = ("__defaults", "__internal")
"""Properties that Pulumi adds for its own use."""

ANYTHING = "anything"
"""In a leaf: every value and every nested field. Texts are still checked for secrets."""

SHORTEST_REASON = 20
"""Minimum length of an extension's reason, in characters."""


@dataclass(frozen=True)
class Leaf:
    """The end of a branch: words that say how a field is judged, or the values that are allowed."""

    words: frozenset[str] = frozenset()
    values: tuple[Any, ...] = ()

    @property
    def may_hold_more(self) -> bool:
        """Whether nested objects are allowed, which only the rules in `words` check."""
        return not self.values and "any" not in self.words


Tree = dict[str, Any]
"""Fields, by name: a tree, or a `Leaf`."""


@dataclass(frozen=True)
class Field:
    """A field that a resource sets.

    Attributes:
        path: names of the properties that lead to it, without list indexes.
        property: the same path for messages, with list indexes.
        name: the name that a text in it belongs to, such as that of a variable.
        value: what it is set to.
        leaf: how it is checked; None if it is not in the allow list.
    """

    path: tuple[str, ...]
    property: str
    name: str
    value: Any
    leaf: Leaf | None


def is_known_kind(resource: Resource) -> bool:
    """Whether the allow list has the resource's type and name."""
    tree = tree_of(resource)
    return tree is not None and any(fnmatchcase(resource.name, name) for name in tree.get(NAMES, ("*",)))


def fields(resource: Resource) -> Iterator[Field]:
    """Every field that a resource sets. Of a kind outside the allow list, no field has a leaf."""
    yield from _walk(resource.properties, tree_of(resource) or {}, (), "", "")


def tree_of(resource: Resource) -> Tree | None:
    """The fields that a resource may set; None for a kind outside the allow list."""
    tree = next((fields for kind, fields in load().items() if fnmatchcase(resource.type, kind)), None)
    for extension in extensions():
        if fnmatchcase(resource.type, extension["type"]) and fnmatchcase(resource.name, extension.get("name", "*")):
            tree = _extended({**(tree or {}), NAMES: ("*",)}, extension.get("fields", ["**"]))
    return tree


@cache
def load() -> Mapping[str, Tree]:
    """The trees of allowed/*.yaml, by type."""
    files = [yaml.safe_load(file.read_text()) for file in sorted(FOLDER.glob("*.yaml"))]
    return {kind: _tree(fields) for file in files for kind, fields in file.items() if not kind.startswith(".")}


@cache
def extensions() -> tuple[Mapping[str, Any], ...]:
    """The extensions that the platform team allows.

    Raises:
        ValueError: an entry has no type, no reason, or an unknown key.
    """
    entries = yaml.safe_load(EXTENSIONS.read_text()) or []
    for entry in entries:
        kind = entry.get("type")
        if not isinstance(kind, str) or ":" not in kind or kind.startswith("*"):
            raise ValueError(f"{EXTENSIONS.name}: type is {kind!r}; allowed: a type of resources, package:module:Kind")
        if len(str(entry.get("reason", "")).strip()) < SHORTEST_REASON:
            raise ValueError(f"{EXTENSIONS.name}: {kind}: it has no reason")
        if unknown := set(entry) - {"type", "name", "fields", "reason"}:
            raise ValueError(f"{EXTENSIONS.name}: {kind}: unknown key {min(unknown)}")
    return tuple(entries)


def _tree(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: tuple(below) if name == NAMES else _tree(below) for name, below in value.items()}
    return Leaf(values=tuple(value)) if isinstance(value, list) else Leaf(frozenset(value.split()))


def _extended(tree: Tree, paths: list[str]) -> Tree:
    """The tree with more fields, each named by its path: `spec.selector`, `spec.*.name`, `spec.**`."""
    for path in paths:
        tree = _with(tree, path.split("."))
    return tree


def _with(tree: Tree, path: list[str]) -> Tree:
    name, *below = path
    if name == "**":
        return {**tree, "*": Leaf(frozenset({ANYTHING}))}
    if not below:
        return {**tree, name: Leaf(frozenset({"any"}))}
    subtree = tree.get(name)
    return {**tree, name: _with(subtree if isinstance(subtree, dict) else {}, below)}


def _walk(value: Any, node: Any, path: tuple[str, ...], shown: str, name: str) -> Iterator[Field]:
    if value is None or (value is UNKNOWN and node is not None):
        return
    if isinstance(node, dict) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, node, path, f"{shown}[{index}]", name)
    elif isinstance(node, dict) and isinstance(value, Mapping):
        own_name = value.get("name", value.get("label"))
        for key, below in value.items():
            if key not in INTERNAL:
                named = str(own_name) if key == "value" and isinstance(own_name, str) else key
                step = f".{key}" if key.replace("_", "").isalnum() else f"[{key}]"
                yield from _walk(below, _child(node, key), (*path, key), f"{shown}{step}".removeprefix("."), named)
    else:
        leaf = node if isinstance(node, Leaf) and "refused" not in node.words else None
        yield Field(path, shown, name, value, leaf)


def _child(node: Tree, key: str) -> Any:
    """The entry of a field: by its name, or by the first pattern that it matches."""
    if key in node and key != NAMES:
        return node[key]
    return next((below for name, below in node.items() if "*" in name and fnmatchcase(key, name)), None)
