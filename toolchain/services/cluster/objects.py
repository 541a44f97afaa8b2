"""What is in the cluster from the start: storage, and the rights of the toolchain's own parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolchain.services.cluster.certificates import KUBELET_CLIENT
from toolchain.services.cluster.places import NAME

STORAGE_CLASS = "local"
PROVISIONER = "mimir.test/local"
"""Its name for the API; provisioner.go in modules/kube says it, too."""

STAND_IN = (
    "STAND-IN for a storage driver, for tests only: each claim is a folder of this machine. Its size is not enforced, "
    "and every access mode is granted, because the cluster has only one node."
)

_GROUP = "rbac.authorization.k8s.io"
_RIGHTS = f"/apis/{_GROUP}/v1"

Placed = tuple[str, dict[str, Any]]
"""The path of a collection, and an object to be in it."""


def all_objects() -> list[Placed]:
    return [
        storage_class(),
        role(f"{NAME}:policies", [("", ["namespaces", "pods"]), ("networking.k8s.io", ["networkpolicies"])]),
        binding(f"{NAME}:policies", f"{NAME}:policies", user(f"{NAME}:policies")),
        binding(f"{NAME}:provisioner", "system:persistent-volume-provisioner", user(f"{NAME}:provisioner")),
        binding(f"{NAME}:kubelet-api", "system:kubelet-api-admin", user(KUBELET_CLIENT)),
    ]


def storage_class() -> Placed:
    """Bound at once, not when the first pod comes: there is only one node that the volume could be for."""
    annotations = {"storageclass.kubernetes.io/is-default-class": "true", f"{NAME}/notice": STAND_IN}
    return "/apis/storage.k8s.io/v1/storageclasses", {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": STORAGE_CLASS, "annotations": annotations},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    }


def role(name: str, readable: Sequence[tuple[str, list[str]]]) -> Placed:
    rules = [{"apiGroups": [group], "resources": kinds, "verbs": ["get", "list", "watch"]} for group, kinds in readable]
    return f"{_RIGHTS}/clusterroles", {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    }


def user(name: str) -> dict[str, str]:
    return {"apiGroup": _GROUP, "kind": "User", "name": name}


def binding(name: str, role: str, subject: dict[str, str]) -> Placed:
    return f"{_RIGHTS}/clusterrolebindings", {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": role},
        "subjects": [subject],
    }
