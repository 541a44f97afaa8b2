"""What the test cluster is called, where it lives, and what it listens on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from toolchain.cluster_context import BUILT
from toolchain.layout import LONGEST_SOCKET_PATH, Layout
from toolchain.problem import Problem

NAME = BUILT
"""The node, the context of the kubeconfig, the CNI network."""

BRIDGE = "mimir-test0"
CHAIN = "MIMIR-TEST"
"""The name of our chains of iptables."""

LOOPBACK = "127.0.0.1"

API_PORT = 16443
ETCD_PORT = 16379
ETCD_PEER_PORT = 16380
MANAGER_PORT = 16257
SCHEDULER_PORT = 16259
KUBELET_PORT = 16250
KUBELET_HEALTH_PORT = 16248
PROXY_HEALTH_PORT = 16256
PROXY_METRICS_PORT = 16249
"""Kubernetes' own ports would be 6443 and 10xxx: those may be taken by a cluster of the user's."""

QUEUE = 16443
"""The kernel's queue of connections that the NetworkPolicy agent judges."""

LONGEST_KUBELET_SOCKET = "pod-resources/kubelet.sock"


@dataclass(frozen=True)
class Places:
    """The cluster's folders: `root` is kept until it is erased, `run` only as long as the cluster runs."""

    root: Path
    run: Path

    @classmethod
    def of(cls, layout: Layout) -> Places:
        return cls(layout.service("cluster"), layout.run / "cluster")

    @property
    def pki(self) -> Path:
        """Keys, certificates, and the kubeconfigs of the cluster's own parts."""
        return self.root / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.root / "kubeconfig"

    @property
    def addresses(self) -> Path:
        return self.root / "addresses.json"

    @property
    def settings(self) -> Path:
        return self.root / "settings"

    @property
    def etcd(self) -> Path:
        return self.root / "etcd"

    @property
    def images(self) -> Path:
        """What containerd keeps."""
        return self.root / "containerd"

    @property
    def kubelet(self) -> Path:
        return self.root / "kubelet"

    @property
    def volumes(self) -> Path:
        """The folders of claims."""
        return self.root / "volumes"

    @property
    def containerd(self) -> str:
        return f"{self.run}/containerd.sock"

    def require_short(self) -> None:
        """Raises Problem when sockets of the kubelet would have names too long for the kernel."""
        if len(os.fsencode(self.kubelet / LONGEST_KUBELET_SOCKET)) > LONGEST_SOCKET_PATH:
            raise Problem(
                f"{self.kubelet} is too long a path for the kubelet's sockets",
                "choose a shorter folder for the toolchain: export MIMIR_TOOLCHAIN_HOME=...",
            )
