"""A stack on the test cluster, and the cluster as seen from outside the program."""

from __future__ import annotations

import socket
import subprocess
from typing import Any
from urllib.parse import urlsplit

from kubernetes import client as api
from kubernetes.client.exceptions import ApiException
from kubernetes.config import new_client_from_config

from tests.e2e.stack import Result, Stack, eventually

CONTEXT = "mimir-test"
SHARED = {name: {"accessMode": "ReadWriteMany"} for name in ("data", "logs", "plugins")}
"""Volumes that several pods may mount."""

DNS_SECONDS = 7
"""What is found out for this cluster: its name servers keep an answer for 5 s (toolchain/services/cluster/dns.py)."""

OPEN = {"paths": ["/api/v1/answer", "/api/v1/notes"], "tls": {"mode": "off"}, "authentication": {"required": False}}
"""An edge for plain clients without a key, with the sample's own paths."""

PROBE = {"intervalSeconds": 2, "timeoutSeconds": 2, "startPeriodSeconds": 20, "retries": 5}
"""Quick, and patient enough for a machine that is busy with everything else."""


class Cluster:
    """The API server, with every right."""

    def __init__(self) -> None:
        client = new_client_from_config(context=CONTEXT)  # type: ignore[no-untyped-call]
        # Everything in the client's own types may be None; Any says that a test would rather fail there.
        self.core: Any = api.CoreV1Api(client)
        self.apps: Any = api.AppsV1Api(client)
        self.policy: Any = api.PolicyV1Api(client)

    def has_namespace(self, name: str) -> bool:
        """Whether the namespace is there."""
        try:
            return bool(self.core.read_namespace(name))
        except ApiException as error:
            if error.status == 404:
                return False
            raise


class ClusterStack(Stack):
    """One stack in one namespace of the test cluster."""

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return f"mimir-{self.name}"

    def up(self, *flags: str) -> Result:
        """`pulumi up`, and then until the node listens: kube-proxy is up to a second behind a new Service."""
        result = super().up(*flags)
        if result.code == 0 and self.config["kubernetes"]["serviceType"] == "NodePort":
            port = urlsplit(self.outputs()["url"]).port
            assert port, "the cluster gives a port to every NodePort Service"
            eventually(f"the node listens on {port}", lambda: listens(port), 30)
        return result

    def pods(self, cluster: Cluster, part: str = "application") -> list[Any]:
        """The pods of the application, or of the edge, that are not on their way out."""
        selector = f"app.kubernetes.io/component={part}"
        listed = cluster.core.list_namespaced_pod(self.namespace, label_selector=selector).items
        return [pod for pod in listed if pod.metadata.deletion_timestamp is None]

    def ready(self, cluster: Cluster, count: int, part: str = "application") -> list[Any]:
        """The pods, once there are exactly `count`, all of them ready."""

        def look() -> list[Any] | None:
            pods = self.pods(cluster, part)
            good = [pod for pod in pods if is_ready(pod)]
            return good if len(pods) == len(good) == count else None

        return eventually(f"{count} ready pods of the {part} in {self.namespace}", look, 90)

    def kubectl(self, *arguments: str, seconds: float = 120) -> Result:
        """Run kubectl in the namespace."""
        done = subprocess.run(
            ["kubectl", "--context", CONTEXT, "--namespace", self.namespace, *arguments],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
        return Result(done.returncode, done.stdout)

    def tidy(self) -> None:
        """Delete the namespace, with the data in it, and wait until it is gone."""
        cluster = Cluster()
        if cluster.has_namespace(self.namespace):
            cluster.core.delete_namespace(self.namespace)
            eventually(f"{self.namespace} is gone", lambda: not cluster.has_namespace(self.namespace), 120)


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return True


def is_ready(pod: Any) -> bool:
    """Whether the pod gets requests."""
    return any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions or [])
