"""The objects of a stack in its cluster: in Pulumi's state, and in the API server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kubernetes.client.exceptions import ApiException

from components.kubernetes.cluster import kubeconfig
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.cluster.dns import DnsDelay
from components.problems import Problem
from components.settings import Settings
from ops.ownership.managed_fields import ForeignField, foreign_fields
from ops.stack.cli import setting
from ops.stack.stack_error import StackError
from ops.state.interrupted import export_state

TYPE = "kubernetes:"
OPAQUE = frozenset({"Secret"})
"""Kinds whose state is encrypted and cannot be compared."""


@dataclass(frozen=True)
class StackObject:
    """An object of a stack that exists in the cluster.

    Attributes:
        urn: its URN.
        path: its path in the API.
        inputs: its desired state, from the stack's inputs.
        live: its current state in the cluster.
        field_manager: the field manager with which Pulumi sets its fields.
    """

    urn: str
    path: str
    inputs: dict[str, Any]
    live: dict[str, Any]
    field_manager: str | None

    @property
    def title(self) -> str:
        """Kind and name."""
        return f"{self.live['kind']} {self.live['metadata']['name']}"

    @cached_property
    def foreign(self) -> list[ForeignField]:
        """Fields that another field manager has set, and that differ from the desired state."""
        return foreign_fields(self.live, self.inputs, self.field_manager)


def connect(stack: str) -> Cluster:
    """Connect to the cluster of a stack.

    Raises:
        StackError: the stack file or the kubeconfig does not identify a cluster.
    """
    names = {key: setting(stack, "kubernetes", key) for key in ("context", "kubeconfig", "namespace")}
    section = {key: name for key, name in names.items() if name is not None}
    access = kubeconfig.read(Settings.model_validate({"platform": "kubernetes", "kubernetes": section}))
    if isinstance(access, Problem):
        raise StackError(f"cannot connect to the cluster of stack {stack}: {access.key}: {access.found}")
    return Cluster(access, names["namespace"] or f"mimir-{stack}", "", DnsDelay(0))


def read(stack: str, cluster: Cluster) -> Iterator[StackObject]:
    """Yield every object of the stack that exists in the cluster and that may be read.

    Args:
        stack: name of the stack.
        cluster: its cluster.

    Raises:
        ApiException: a request fails for another reason than a missing object or permission.
    """
    for resource in export_state(stack).get("resources") or []:
        inputs = resource.get("inputs") or {}
        kind = inputs.get("kind")
        if not resource["type"].startswith(TYPE) or not resource.get("id") or not kind or kind in OPAQUE:
            continue
        path = api_path(inputs["apiVersion"], kind, resource["id"])
        try:
            live = cluster.read(path)
        except ApiException as error:
            if error.status in (403, 404):
                continue
            raise
        manager = (resource.get("outputs") or {}).get("__fieldManager")
        yield StackObject(resource["urn"], path, inputs, {"kind": kind, **live}, manager)


def api_path(version: str, kind: str, identifier: str) -> str:
    """The path of an object in the API.

    Args:
        version: its `apiVersion`.
        kind: its `kind`.
        identifier: its name; for a namespaced object, `namespace/name`.
    """
    namespace, _, name = identifier.rpartition("/")
    lower = kind.lower()
    plural = f"{lower[:-1]}ies" if lower.endswith("y") else f"{lower}es" if lower.endswith("s") else f"{lower}s"
    namespace_path = f"/namespaces/{namespace}" if namespace else ""
    return f"{'/apis' if '/' in version else '/api'}/{version}{namespace_path}/{plural}/{name}"
