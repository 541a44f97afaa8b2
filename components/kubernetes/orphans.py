"""What an update that was killed half-way left in the cluster under the names that the next one needs.

Pulumi learns of an object when its creation has ended, so a kill in between leaves one that no state knows. What holds
no data, carries this deployment's label and serves nobody is removed and made anew; the rest may be another checkout's,
or hold data, and is refused with the command that says whose it is to be.
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
"""How long a removed object, and the pods that hang on it, may take to go."""

KEPT = ("Namespace", "PersistentVolumeClaim")
"""Kinds that hold data: taken over, never removed."""


PROVIDER = "pulumi:providers:kubernetes"
"""Type of the provider, whose name is that of the deployment with `-cluster`."""


class NameConflict(Exception):
    """Raised when a name that the deployment needs is taken by something in use, or of somebody else's."""


def binding(
    name: str, application: Application, cluster: Cluster, component: str = "", *, ours: bool = False
) -> pulumi.ResourceHookBinding:
    """Hooks that clear an object's name before it is created.

    Args:
        name: of the hook.
        application: whose objects are ours.
        cluster: where to look.
        component: name of the component that makes the object, for a kind that holds data.
        ours: whether the workload that it belongs to is of this stack for sure, because it has been made before.
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
    found = _get(objects, name, where)
    if found is None:
        return
    command = cluster.access.kubectl + ("" if kind == "Namespace" else f" --namespace {cluster.namespace}")
    elsewhere = (
        "To use it as it is: pulumi config set --path 'mimir:kubernetes.createNamespace' false"
        if kind == "Namespace"
        else "Another namespace: pulumi config set --path 'mimir:kubernetes.namespace' <name>"
    )
    if (found.metadata.labels or {}).get(INSTANCE) != application.name:
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
    workload = name_of(application, "edge" if (found.metadata.labels or {}).get(PART) == "edge" else "application")
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
    """Whether pods of the workload are ready: then nothing that they need is touched."""
    found = _get(_objects(cluster, "apps/v1", "Deployment"), workload, {"namespace": cluster.namespace})
    return bool(found and found.status and found.status.readyReplicas)


def _import(args: pulumi.ResourceHookArgs, component: str, identifier: str) -> str:
    """The command that takes an object into the state, under the URN that the program gives it."""
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
