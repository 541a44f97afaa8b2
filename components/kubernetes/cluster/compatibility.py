"""Whether a cluster fits the settings: its version, its storage classes, its registry, and the name of the stack."""

from __future__ import annotations

import re
from typing import Any

from kubernetes import client as api
from kubernetes.client.exceptions import ApiException

from components.image.registry import is_loopback
from components.kubernetes.cluster import (
    api_server,
)
from components.kubernetes.cluster.kubeconfig import Access
from components.problems import Problem
from components.settings import Settings

OLDEST = (1, 30)
"""First release with the preStop `sleep` action enabled (KEP-3960). An image from scratch has no `sleep` command."""


LONGEST_STACK_NAME = 63 - len("mimir-")


DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def version_problems(found: dict[str, Any]) -> list[Problem]:
    """Check that the cluster's Kubernetes release is supported.

    Args:
        found: response of the API server to `/version`.

    Returns:
        One problem if the release is older than OLDEST, else none.
    """
    numbers = (int(found["major"]), int("".join(filter(str.isdigit, found["minor"]))))
    if numbers >= OLDEST:
        return []
    oldest = ".".join(map(str, OLDEST))
    return [
        Problem(
            "mimir:kubernetes.context",
            f"a cluster of Kubernetes {found['gitVersion']}",
            f"{oldest} or newer: older ones cannot let a pod wait before it ends, and would cut requests",
            "kubectl version",
        )
    ]


def registry_problems(settings: Settings, access: Access) -> list[Problem]:
    """Check that the cluster can reach the registry.

    Args:
        settings: settings of the stack.
        access: how to reach the cluster.

    Returns:
        One problem if a remote cluster would pull from a loopback address, else none.
    """
    if access.is_local or not is_loopback(settings.registry):
        return []
    return [
        Problem(
            "mimir:registry.address",
            f'"{settings.registry.address}", with a cluster on other machines ({access.server})',
            "a registry that the cluster can pull from",
            "pulumi config set --path 'mimir:registry.address' registry.example.com",
        )
    ]


def storage_class_problems(settings: Settings, client: api.ApiClient) -> list[Problem]:
    """Check that the storage classes of the settings exist.

    Args:
        settings: settings of the stack.
        client: client of the API server.

    Returns:
        One problem for each claim without a storage class. None if this user may not list storage classes.

    Raises:
        ApiException: the API server refuses with another status than 403.
    """
    try:
        storage_classes = api_server.request(client, "GET", "/apis/storage.k8s.io/v1/storageclasses")["items"]
    except ApiException as error:
        if error.status == 403:
            return []
        raise
    is_default: dict[str, bool] = {
        storage_class["metadata"]["name"]: (storage_class["metadata"].get("annotations") or {}).get(DEFAULT_CLASS)
        == "true"
        for storage_class in storage_classes
    }
    problems = []
    for name, claim in settings.volumes.claims.items():
        key = f"mimir:volumes.{name}.storageClass"
        if claim.storage_class is None and not any(is_default.values()):
            actual = "nothing, and the cluster has no default storage class"
        elif claim.storage_class is not None and claim.storage_class not in is_default:
            actual = f'"{claim.storage_class}", which the cluster does not have'
        else:
            continue
        allowed = (
            f"one of: {', '.join(sorted(is_default))}" if is_default else "a storage class; the cluster has none at all"
        )
        suggestion = min(is_default, default="standard")
        problems.append(Problem(key, actual, allowed, f"pulumi config set --path '{key}' {suggestion}"))
    return problems


def stack_name_problems(stack: str) -> list[Problem]:
    """Check that the stack name can be part of object names and labels (RFC 1123, at most 63 characters)."""
    if re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", stack) and len(stack) <= LONGEST_STACK_NAME:
        return []
    return [
        Problem(
            "the stack's name",
            f'"{stack}"',
            f"lower-case letters, digits and -, at most {LONGEST_STACK_NAME}, because objects of the cluster bear it",
            "pulumi stack rename production",
        )
    ]
