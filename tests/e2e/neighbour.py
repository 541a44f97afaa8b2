"""A pod beside the deployment, to ask from: it has been running for a while, so every agent has learned of it."""

from __future__ import annotations

import subprocess
from typing import Any

from tests.e2e.cluster import CONTEXT, Cluster, is_ready
from tests.e2e.stack import eventually

DENIED = "no complete answer within"
"""What the client says of a connection whose packets are dropped."""

NEIGHBOUR = "neighbour"


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
