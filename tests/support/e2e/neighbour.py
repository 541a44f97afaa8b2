"""A pod beside the deployment, to ask from: it has been running for a while, so every agent has learned of it."""

from __future__ import annotations

import subprocess
from typing import Any

from tests.support.e2e.assumptions import need
from tests.support.e2e.cluster import CONTEXT, Cluster, is_ready
from tests.support.e2e.stack import eventually
from toolchain.cluster_context import BUILT

DENIED = "no complete answer within"
"""What the client says of a connection whose packets are dropped."""

NEIGHBOUR = "neighbour"

ENFORCEMENT_SECONDS = 20


def settle(cluster: Cluster, namespace: str, image: str) -> None:
    """A neighbour in a namespace, ready."""
    cluster.core.create_namespaced_pod(namespace, _pod(image))
    eventually(f"a pod in {namespace}", lambda: is_ready(pod_of(cluster, namespace)), 60)


def pod_of(cluster: Cluster, namespace: str) -> Any:
    """The neighbour in a namespace."""
    return cluster.core.read_namespaced_pod_status(NEIGHBOUR, namespace)


def ask(namespace: str, pod: str, url: str) -> str:
    """Nothing when `pod` gets an answer from `url`, else what its client says."""
    command = ["kubectl", "--context", CONTEXT, "--namespace", namespace, "exec", pod, "--"]
    probe = ["/probe", "http", "--timeout", "3s", url]
    done = subprocess.run([*command, *probe], capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def need_enforcement(cluster: Cluster, server: str, client: str) -> None:
    """Skip a test of network policies on a cluster that enforces none: a policy is tried that denies everybody.

    Args:
        cluster: where.
        server: namespace with a neighbour, who is to be reached by nobody for a moment.
        client: another one, whose neighbour tries.
    """
    if CONTEXT == BUILT:
        return  # there, a policy that does not hold is what the tests are to find
    url = f"http://{pod_of(cluster, server).status.pod_ip}:8080/health"
    assert ask(client, NEIGHBOUR, url) == "", "without a policy everybody is let in"
    denying = {"metadata": {"name": "nobody"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}
    cluster.networking.create_namespaced_network_policy(server, denying)
    try:
        eventually("the policy holds", lambda: DENIED in ask(client, NEIGHBOUR, url), ENFORCEMENT_SECONDS)
        enforced = True
    except AssertionError:
        enforced = False
    finally:
        cluster.networking.delete_namespaced_network_policy("nobody", server)
    need(enforced, "a network plugin that enforces NetworkPolicies, and drops what they deny")
    eventually("the policy is gone", lambda: ask(client, NEIGHBOUR, url) == "", ENFORCEMENT_SECONDS)


def _pod(image: str) -> dict[str, Any]:
    """A pod of the application's image, which is a server and has a client in it."""
    container = {
        "name": NEIGHBOUR,
        "image": image,
        "args": ["--server", "8080"],
        "readinessProbe": {"httpGet": {"path": "/health", "port": 8080}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    user = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"metadata": {"name": NEIGHBOUR}, "spec": {"containers": [container], "securityContext": user}}
