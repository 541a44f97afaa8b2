"""The objects of a stack in its cluster: as the state has them, and as the API has them."""

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
from ops.stack.cli import StackError, setting
from ops.state.interrupted import exported

TYPE = "kubernetes:"
OPAQUE = frozenset({"Secret"})
"""Kinds of which the state holds nothing that can be compared."""


@dataclass(frozen=True)
class StackObject:
    """One object of a stack that is in the cluster.

    Attributes:
        urn: Pulumi's name of it.
        path: where the API has it.
        inputs: as the stack wants it.
        live: as it is.
        field_manager: under which name Pulumi sets its fields.
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
        """What somebody else has set in it, otherwise than the stack wants it."""
        return foreign_fields(self.live, self.inputs, self.field_manager)


def connect(stack: str) -> Cluster:
    """The cluster that the stack file names.

    Raises:
        StackError: it cannot be reached with what the stack file and the kubeconfig say.
    """
    names = {key: setting(stack, "kubernetes", key) for key in ("context", "kubeconfig", "namespace")}
    given = {key: name for key, name in names.items() if name is not None}
    access = kubeconfig.read(Settings.model_validate({"platform": "kubernetes", "kubernetes": given}))
    if isinstance(access, Problem):
        raise StackError(f"the cluster of stack {stack} cannot be asked: {access.key}: {access.found}")
    return Cluster(access, names["namespace"] or f"mimir-{stack}", "", DnsDelay(0))


def read(stack: str, cluster: Cluster) -> Iterator[StackObject]:
    """Every object of the stack that is in the cluster and may be read.

    Args:
        stack: name of the stack.
        cluster: where its objects are.

    Raises:
        ApiException: the API server refuses something else than to read one object.
    """
    for resource in exported(stack).get("resources") or []:
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
    """Where the API has an object.

    Args:
        version: its `apiVersion`.
        kind: its `kind`.
        identifier: its name, after its namespace and a slash where it has one.
    """
    namespace, _, name = identifier.rpartition("/")
    lower = kind.lower()
    plural = f"{lower[:-1]}ies" if lower.endswith("y") else f"{lower}es" if lower.endswith("s") else f"{lower}s"
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{'/apis' if '/' in version else '/api'}/{version}{within}/{plural}/{name}"
