"""Checks of objects that exist in the cluster already: the namespace, the claims, and node ports of Services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubernetes.client.exceptions import ApiException

from components.kubernetes.cluster.api_server import Get, read
from components.kubernetes.cluster.kubeconfig import Access
from components.kubernetes.labels import INSTANCE
from components.kubernetes.pod_security import ENFORCE, RESTRICTED
from components.problems import Problem
from components.settings import Settings

NAME = "app.kubernetes.io/name"
BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
"""Units in which the claims of this program are read; it writes Gi."""


@dataclass(frozen=True)
class Existing:
    """The state of the namespace.

    Attributes:
        is_there: whether the namespace exists; False if this user may not read it.
        problems: reasons why the namespace cannot be used.
        warnings: warnings for the user.
    """

    is_there: bool
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def namespace(settings: Settings, deployment: str, name: str, access: Access, get: Get) -> Existing:
    """Check who owns the namespace, and which Pod Security profile it enforces.

    Args:
        settings: settings of the stack.
        deployment: name of the deployment, `mimir-<stack>`.
        name: name of the namespace.
        access: how to reach the cluster.
        get: reads a path of the API.

    Returns:
        Whether the namespace exists, with problems and warnings.

    Raises:
        ApiException: the API server refuses with a status other than 403 and 404.
    """
    create = settings.kubernetes.create_namespace
    try:
        space = get(f"/api/v1/namespaces/{name}")
    except ApiException as error:
        if error.status not in (403, 404):
            raise
        # Permissions inside a namespace do not always include reading the namespace itself.
        return Existing(False, () if create or error.status == 403 else (_absent(name),))
    labels: dict[str, str] = space["metadata"].get("labels") or {}
    owner = labels.get(INSTANCE) if labels.get(NAME) == "mimir" else None
    if owner not in (None, deployment):
        return Existing(True, (_of_another_stack(name, owner or "", deployment),))
    if create and owner is None and not _has_our_account(get, name, deployment):
        return Existing(True, (_of_somebody_else(name),))
    if create:
        return Existing(True)
    if owner:
        return Existing(True, (_of_this_stack(name, deployment, access),))
    if (space.get("status") or {}).get("phase") == "Terminating":
        return Existing(True, (_terminating(name, access),))
    return Existing(True, (), tuple(_pod_security(name, labels, access)))


def _has_our_account(get: Get, name: str, deployment: str) -> bool:
    """Check whether this stack created the namespace although its labels are gone. A refresh restores the labels."""
    account = read(get, f"/api/v1/namespaces/{name}/serviceaccounts/{deployment}")
    return bool(account) and _instance(account) == deployment


def _instance(item: dict[str, Any] | None) -> str | None:
    """Return the value of the instance label: the deployment that owns the object."""
    labels: dict[str, str] = ((item or {}).get("metadata") or {}).get("labels") or {}
    return labels.get(INSTANCE)


def _absent(name: str) -> Problem:
    return Problem(
        "mimir:kubernetes.namespace",
        f'"{name}", which the cluster does not have, with `kubernetes.createNamespace` false',
        "an existing namespace (kubectl get namespaces), or `kubernetes.createNamespace` true",
        "pulumi config rm --path 'mimir:kubernetes.createNamespace'",
    )


def _of_another_stack(name: str, owner: str, deployment: str) -> Problem:
    other = owner.removeprefix("mimir-")
    return Problem(
        "mimir:kubernetes.namespace",
        f'"{name}", the namespace of stack "{other}": destroying either stack would end the other one\'s data',
        "a namespace of this stack's own, or one that no stack has made, with `kubernetes.createNamespace` false",
        f"pulumi config set --path 'mimir:kubernetes.namespace' {deployment}",
    )


def _of_somebody_else(name: str) -> Problem:
    return Problem(
        "mimir:kubernetes.namespace",
        f'"{name}", a namespace that exists and that this stack did not make',
        "another name; or `kubernetes.createNamespace` false, which uses it and leaves it as it is",
        "pulumi config set --path 'mimir:kubernetes.createNamespace' false",
    )


def _of_this_stack(name: str, deployment: str, access: Access) -> Problem:
    return Problem(
        "mimir:kubernetes.createNamespace",
        f'false, but stack "{deployment.removeprefix("mimir-")}" has made namespace "{name}" and would give it up',
        "true for a namespace that the stack has made: an update that gives it up would delete it",
        f"pulumi config rm --path 'mimir:kubernetes.createNamespace'   # {access.kubectl} get namespace {name}",
    )


def _terminating(name: str, access: Access) -> Problem:
    return Problem(
        "mimir:kubernetes.namespace",
        f'"{name}", which is being deleted (Terminating), with everything in it',
        "a namespace in phase Active",
        f"{access.kubectl} get namespace {name} -o yaml   # its conditions say what it waits for",
    )


def _pod_security(name: str, labels: dict[str, str], access: Access) -> Iterator[str]:
    """Warn if the namespace does not enforce `restricted`. Pods of this stack comply, but other pods need not."""
    level = labels.get(ENFORCE)
    if level == "restricted":
        return
    restricted = " ".join(f"{key}={value}" for key, value in RESTRICTED.items())
    yield (
        f'mimir:kubernetes.namespace: "{name}" does not enforce Pod Security profile `restricted` '
        f"({ENFORCE}: {level or 'not set'}). The pods of this stack fulfil it; other pods in the namespace need not. "
        f"Nothing was changed. A namespace that this program makes has these labels, which its owner can set:\n"
        f"  {access.kubectl} label namespace {name} {restricted}"
    )


def claims(settings: Settings, deployment: str, namespace: str, access: Access, get: Get) -> Iterator[Problem]:
    """Yield changes of existing claims that Kubernetes or the storage class refuses.

    These are: another storage class, a smaller size, and a larger size where the class does not allow expansion.

    Args:
        settings: settings of the stack.
        deployment: name of the deployment.
        namespace: namespace of the claims.
        access: how to reach the cluster.
        get: reads a path of the API. Objects that this user may not read count as correct.

    Yields:
        One problem for each change that is refused.

    Raises:
        ApiException: the API server refuses with a status other than 403 and 404.
    """
    for volume, setting in settings.volumes.claims.items():
        claim = read(get, f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{deployment}-{volume}")
        if claim is None or _instance(claim) != deployment:
            continue
        spec = claim["spec"]
        current, key = spec.get("storageClassName"), f"mimir:volumes.{volume}"
        if setting.storage_class is not None and current and setting.storage_class != current:
            yield Problem(
                f"{key}.storageClass",
                f'"{setting.storage_class}"; the claim with the data has "{current}", and a claim keeps its class',
                f"{current}, or nothing",
                f"pulumi config set --path '{key}.storageClass' {current}",
            )
        size, bytes_ = str(spec["resources"]["requests"]["storage"]), _bytes(spec["resources"]["requests"]["storage"])
        requested = setting.size_gib * BINARY["Gi"]
        if bytes_ is None or requested == bytes_:
            continue
        fix = f"pulumi config set --path '{key}.sizeGib' {max(1, -(-bytes_ // BINARY['Gi']))}"
        if requested < bytes_:
            yield Problem(f"{key}.sizeGib", f"{setting.size_gib}; the claim has {size}", "the same, or more", fix)
        elif not _expands(get, current):
            yield Problem(
                f"{key}.sizeGib",
                f'{setting.size_gib}; the claim has {size}, and storage class "{current}" cannot make it larger',
                f"{size}, or a class with allowVolumeExpansion: {access.kubectl} get storageclass",
                fix,
            )


def _expands(get: Get, name: str | None) -> bool:
    storage_class = read(get, f"/apis/storage.k8s.io/v1/storageclasses/{name}") if name else None
    return storage_class is None or bool(storage_class.get("allowVolumeExpansion"))


def _bytes(quantity: object) -> int | None:
    """Convert a quantity to bytes; None if its unit is not in BINARY."""
    number, unit = str(quantity)[:-2], str(quantity)[-2:]
    return int(number) * BINARY[unit] if unit in BINARY and number.isdigit() else None


def node_ports(settings: Settings, deployment: str, namespace: str, access: Access, get: Get) -> Iterator[Problem]:
    """Yield the node ports of the settings that another Service uses.

    Args:
        settings: settings of the stack.
        deployment: name of the deployment and of its Service.
        namespace: namespace of the deployment.
        access: how to reach the cluster.
        get: reads a path of the API. Without permission to list Services, a conflict appears during the update.

    Yields:
        One problem for each port that is in use.

    Raises:
        ApiException: the API server refuses with a status other than 403 and 404.
    """
    chosen = {"nodePort": settings.kubernetes.node_port, "redirectNodePort": settings.kubernetes.redirect_node_port}
    if not any(chosen.values()):
        return
    services = (read(get, "/api/v1/services") or {}).get("items") or []
    for service in services:
        where = service["metadata"]["namespace"], service["metadata"]["name"]
        ports = {port.get("nodePort") for port in service["spec"].get("ports") or []}
        for name, port in chosen.items():
            if port in ports and where != (namespace, deployment):
                yield Problem(
                    f"mimir:kubernetes.{name}",
                    f"{port}, which Service {where[0]}/{where[1]} has",
                    "a port that no other Service has, or nothing: the cluster then chooses one",
                    f"pulumi config rm --path 'mimir:kubernetes.{name}'   # {access.kubectl} get services -A",
                )
