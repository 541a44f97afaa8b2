"""What tests need of a cluster that not every cluster has. The one that the toolchain makes has all of it."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

import pytest

from tests.support.e2e.cluster import CONTEXT, Cluster, is_own
from tests.support.e2e.stack import eventually
from toolchain.cluster_context import BUILT

PROVISIONING_SECONDS = 60


def need(met: bool, assumption: str) -> None:
    """Skip a test that the named cluster cannot pass, and print why; on the toolchain's own cluster, fail.

    Args:
        met: whether the cluster has what the test needs.
        assumption: what that is.
    """
    if met:
        return
    reason = f'the cluster of context "{CONTEXT}" is not what this test needs: {assumption}'
    if CONTEXT == BUILT:
        pytest.fail(reason)
    pytest.skip(reason)


def need_local_registry(cluster: Cluster) -> None:
    """Images are pushed to this machine's registry."""
    need(cluster.is_local, f"nodes that pull from this machine's 127.0.0.1:5000, but its API is at {cluster.server}")


def need_shared_volumes(cluster: Cluster) -> None:
    """Several pods share the stack's volumes."""
    need(offers_shared_volumes(cluster), "a default storage class that offers ReadWriteMany")


def need_one_node(cluster: Cluster) -> None:
    """Requests go to one node's port, and only nodes with a pod of the edge answer there."""
    need(
        len(cluster.nodes) == 1,
        f"one node, so that a pod is never replaced on another one; it has {len(cluster.nodes)}",
    )


def need_own_network(cluster: Cluster) -> None:
    """The node pulls from a registry on a port of this machine's loopback."""
    need(all(map(is_own, cluster.nodes.values())), "a node that is this machine, and reaches any port of its loopback")


@cache
def offers_shared_volumes(cluster: Cluster) -> bool:
    """Whether the default storage class provisions ReadWriteMany; no API tells it, so a claim is made and a pod for it.

    The pod is scheduled, which is what some classes wait for, and never runs: its image does not exist.
    """
    if CONTEXT == BUILT:
        return True
    namespace = f"e2e-storage-{secrets.token_hex(3)}"
    cluster.core.create_namespace({"metadata": {"name": namespace}})

    def outcome() -> str | None:
        claim = cluster.core.read_namespaced_persistent_volume_claim("claim", namespace)
        events = cluster.core.list_namespaced_event(namespace).items
        failed = any(event.reason == "ProvisioningFailed" for event in events)
        return "bound" if claim.status.phase == "Bound" else "failed" if failed else None

    try:
        cluster.core.create_namespaced_persistent_volume_claim(namespace, _claim())
        cluster.core.create_namespaced_pod(namespace, _pod())
        return eventually("a claim for ReadWriteMany", outcome, PROVISIONING_SECONDS) == "bound"
    except AssertionError:  # nobody provisions it, and nobody says so
        return False
    finally:
        cluster.core.delete_namespace(namespace)


def _claim() -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Mi"}}}
    return {"metadata": {"name": "claim"}, "spec": spec}


def _pod() -> dict[str, Any]:
    container = {
        "name": "never",
        "image": "127.0.0.1:5000/no-such:1",
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    }
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "claim"}}
    return {"metadata": {"name": "never"}, "spec": {"containers": [container], "volumes": [volume]}}
