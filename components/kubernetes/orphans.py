"""Objects that a killed update left in the cluster under names that the next update needs.

Pulumi records an object when its creation is complete. An update killed before that leaves an object that is in no
state. Such an object is deleted and created again if it holds no data, has the label of this deployment, and serves no
requests. Any other object may belong to another checkout, or hold data: the update fails, and the error has the command
to resolve it.
"""

from __future__ import annotations

import time
from typing import Any

import pulumi
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient

from components.application.application import Application
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.labels import INSTANCE, PART, name_of

PATIENCE_SECONDS = 90.0
"""Time in seconds for the deletion of an object and of its dependent pods."""

KEPT = ("Namespace", "PersistentVolumeClaim")
"""Kinds that hold data. They are imported, never deleted."""


PROVIDER = "pulumi:providers:kubernetes"
"""Type of the provider. Its name is the name of the deployment with suffix `-cluster`."""


class NameConflict(Exception):
    """Raised when a required name belongs to an object that is in use, holds data, or has another owner."""


def binding(
    name: str, application: Application, cluster: Cluster, component: str = "", *, ours: bool = False
) -> pulumi.ResourceHookBinding:
    """Create hooks that free the name of an object before it is created.

    Args:
        name: prefix of the name of the hook.
        application: description of the application; its name is the instance label of objects of this deployment.
        cluster: cluster to check.
        component: name of the component that creates the object, for kinds that hold data.
        ours: whether the workload is known to be of this stack, because it was created before.

    Returns:
        The hook binding. Its hook raises NameConflict if the object may not be deleted.
    """

    def clear(args: pulumi.ResourceHookArgs) -> None:
        _clear(args, application, cluster, component, ours)

    return pulumi.ResourceHookBinding(before_create=[pulumi.ResourceHook(f"{name}-leftover", clear)])


def _clear(
    args: pulumi.ResourceHookArgs, application: Application, cluster: Cluster, component: str, ours: bool
) -> None:
    # The token names the group and the kind: kubernetes:apps/v1:Deployment; the core group is plain v1 in the API.
    version, kind = str(args.type).removeprefix("kubernetes:").replace("core/", "").split(":")
    inputs: Any = args.new_inputs or {}
    name = str(inputs["metadata"]["name"])
    where = {} if kind == "Namespace" else {"namespace": cluster.namespace}
    objects = _objects(cluster, version, kind)
    existing = _get(objects, name, where)
    if existing is None:
        return
    command = cluster.access.kubectl + ("" if kind == "Namespace" else f" --namespace {cluster.namespace}")
    elsewhere = (
        "To use it as it is: pulumi config set --path 'mimir:kubernetes.createNamespace' false"
        if kind == "Namespace"
        else "Another namespace: pulumi config set --path 'mimir:kubernetes.namespace' <name>"
    )
    if (existing.metadata.labels or {}).get(INSTANCE) != application.name:
        raise NameConflict(
            f"The cluster has a {kind} named {name} that this program did not make. "
            f"{elsewhere}. To see whose it is: {command} get {kind.lower()} {name} -o yaml"
        )
    if kind in KEPT:
        identifier = name if kind == "Namespace" else f"{cluster.namespace}/{name}"
        raise NameConflict(
            f"{kind} {name} is in the cluster, but this stack's state does not know it: another checkout deployed it, "
            f"or an update was killed. It holds data, so nothing is done to it. To take it over:\n"
            f"  {_import(args, component, identifier)}"
        )
    workload = name_of(application, "edge" if (existing.metadata.labels or {}).get(PART) == "edge" else "application")
    if not ours and _serves(workload, cluster):
        raise NameConflict(
            f"{workload} serves in this cluster, but this stack's state does not know its {kind}: another checkout "
            f"deployed it, or an update was killed. If nobody needs it, end its pods, and `make up` again replaces it: "
            f"{command} scale deployment {workload} --replicas=0"
        )
    objects.delete(name=name, body={"propagationPolicy": "Foreground"}, **where)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _get(objects, name, where) is not None:
        if time.monotonic() > deadline:
            raise NameConflict(
                f"{kind} {name}, left by an update that was killed, is not gone after {PATIENCE_SECONDS:.0f} s"
            )
        time.sleep(0.5)


def _serves(workload: str, cluster: Cluster) -> bool:
    """Check whether the workload has ready pods; then its objects must not be deleted."""
    deployment = _get(_objects(cluster, "apps/v1", "Deployment"), workload, {"namespace": cluster.namespace})
    return bool(deployment and deployment.status and deployment.status.readyReplicas)


def _import(args: pulumi.ResourceHookArgs, component: str, identifier: str) -> str:
    """Return the command that imports an object into the state, with the URN that the program gives it."""
    start, project, chain, name = str(args.urn).split("::")
    types = chain.split("$")
    parent = "::".join([start, project, "$".join(types[:-1]), component])
    provider = "::".join([start, project, f"{types[0]}${PROVIDER}", f"{component.rpartition('-')[0]}-cluster"])
    return (
        f"pulumi import --yes --generate-code=false --stack {start.rpartition(':')[2]} {args.type} {name} {identifier} "
        f"--parent 'parent={parent}' --provider 'provider={provider}'"
    )


def _objects(cluster: Cluster, version: str, kind: str) -> Any:
    client: Any = DynamicClient(cluster.client)  # type: ignore[no-untyped-call]
    return client.resources.get(api_version=version, kind=kind)


def _get(objects: Any, name: str, where: dict[str, str]) -> Any:
    try:
        return objects.get(name=name, **where)
    except ApiException as error:
        if error.status == 404:
            return None
        raise
