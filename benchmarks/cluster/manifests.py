"""The objects that a stack has made in a cluster, as the manifests that make the same ones elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.cluster.stacks import BenchStack

KUBERNETES = "kubernetes:"
"""How the type tokens of the kubernetes plugin begin; its provider's is another."""

PULUMIS = "pulumi.com/"
"""How annotations begin that are for Pulumi only."""

Manifest = dict[str, Any]


def manifests_of(stack: BenchStack) -> list[Manifest]:
    """What the plugin was asked to make, in the order in which it was made."""
    exported = json.loads(stack.pulumi("stack", "export", "--show-secrets", "--stack", stack.name).ok().text)
    resources = exported["deployment"]["resources"]
    return [_plain(one["inputs"]) for one in resources if str(one["type"]).startswith(KUBERNETES)]


def in_namespace(manifests: Sequence[Manifest], stack: BenchStack, name: str) -> list[Manifest]:
    """The same objects under another namespace's name and another deployment's."""
    text = json.dumps(manifests).replace(stack.deployment, f"mimir-{name}").replace(stack.namespace, name)
    return list(json.loads(text))


def text(manifests: Sequence[Manifest]) -> str:
    """One file of them, as `kubectl apply` takes it; JSON is YAML."""
    return "\n---\n".join(json.dumps(one, indent=1) for one in manifests) + "\n"


def _plain(value: Any) -> Any:
    """`value` with its secrets in the clear, and without what only Pulumi reads."""
    if isinstance(value, dict):
        if "plaintext" in value and len(value) == 2:
            return _plain(json.loads(value["plaintext"]))
        return dict(_members(value))
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _members(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, one in value.items():
        if not key.startswith((PULUMIS, "__")):
            yield key, _plain(one)
