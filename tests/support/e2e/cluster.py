"""A stack on the test cluster, and the cluster as seen from outside the program."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from kubernetes import client as api
from kubernetes.client.exceptions import ApiException
from kubernetes.config import new_client_from_config

from components.image.registry import is_loopback_host
from tests.support.e2e.stack import Result, Stack, eventually
from toolchain.cluster_context import context_of

CONTEXT = context_of(os.environ)
LOOPBACK = "127.0.0.1"
SHARED = {name: {"accessMode": "ReadWriteMany"} for name in ("data", "logs", "plugins")}
"""Volumes that several pods may mount."""

DEFAULT_DNS_SECONDS = 30
"""`dnsSeconds` where nothing is known of the name servers."""

BUILT_DNS_SECONDS = 7
"""`dnsSeconds` that is found out for the cluster that the toolchain makes; the tests' `rolloutSeconds` allow for it."""

OPEN = {"paths": ["/api/v1/answer", "/api/v1/notes"], "tls": {"mode": "off"}, "authentication": {"required": False}}
"""An edge for plain clients without a key, with the sample's own paths."""

PROBE = {"intervalSeconds": 2, "timeoutSeconds": 2, "startPeriodSeconds": 20, "retries": 5}
"""Quick, and patient enough for a machine that is busy with everything else."""


class Cluster:
    """The API server, with every right."""

    def __init__(self) -> None:
        client = new_client_from_config(context=CONTEXT)  # type: ignore[no-untyped-call]
        self.server = str(client.configuration.host)
        # Everything in the client's own types may be None; Any says that a test would rather fail there.
        self.core: Any = api.CoreV1Api(client)
        self.apps: Any = api.AppsV1Api(client)
        self.policy: Any = api.PolicyV1Api(client)
        self.networking: Any = api.NetworkingV1Api(client)
        self.storage: Any = api.StorageV1Api(client)

    @property
    def is_local(self) -> bool:
        """Whether the cluster is on this machine, as the program judges it."""
        return is_loopback_host(urlsplit(self.server).hostname or "")

    @cached_property
    def nodes(self) -> dict[str, str]:
        """The address of each node that takes pods, by its name."""
        return {
            node.metadata.name: next(one.address for one in node.status.addresses if one.type == "InternalIP")
            for node in self.core.list_node().items
            if not node.spec.unschedulable
        }

    @cached_property
    def dns_seconds(self) -> int:
        """What the cluster's name servers keep an answer, a second until the edge asks, and one that is rounded off."""
        try:
            corefile = self.core.read_namespaced_config_map("coredns", "kube-system").data["Corefile"]
        except ApiException as error:
            if error.status == 404:
                return DEFAULT_DNS_SECONDS
            raise
        ttl = re.search(r"(?m)^\s*ttl (\d+)", corefile)
        return (int(ttl[1]) if ttl else 5) + 2  # coredns.io/plugins/kubernetes

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

    @property
    def url(self) -> str:
        """The stack's URL, at an address that this machine reaches; the program knows only nodes on loopback."""
        parts = urlsplit(self.outputs()["url"])
        return f"{parts.scheme}://{self.address()}:{parts.port}"

    def address(self) -> str:
        """The address of a node with a pod of the front door; loopback, where the node is this machine."""
        part = "application" if self.config["edge"].get("kind") == "none" else "edge"
        node = next(str(pod.status.host_ip) for pod in self.pods(Cluster(), part) if is_ready(pod))
        return LOOPBACK if is_own(node) else node

    def up(self, *flags: str) -> Result:
        """`pulumi up`, and then until the node listens: kube-proxy is up to a second behind a new Service."""
        result = super().up(*flags)
        if result.code == 0 and self.config["kubernetes"].get("serviceType") == "NodePort":
            url = urlsplit(self.url)
            assert url.hostname and url.port, "the cluster gives a port to every NodePort Service"
            address = (url.hostname, url.port)
            eventually(f"the node listens at {url.netloc}", lambda: listens(address), 30)
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


def listens(address: tuple[str, int]) -> bool:
    """Whether somebody accepts connections there."""
    with socket.create_connection(address, timeout=2):
        return True


def is_own(address: str) -> bool:
    """Whether an IPv4 address is one of this machine's."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def is_ready(pod: Any) -> bool:
    """Whether the pod gets requests."""
    return any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions or [])
