"""The command lines and settings of what makes this machine a node."""

from __future__ import annotations

import json
from typing import Any

from toolchain.services.cluster import dns
from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.parts import Part, settings_file
from toolchain.services.cluster.places import (
    API_PORT,
    KUBELET_HEALTH_PORT,
    KUBELET_PORT,
    LOOPBACK,
    NAME,
    PROXY_HEALTH_PORT,
    PROXY_METRICS_PORT,
    QUEUE,
    Places,
)
from toolchain.services.cluster.programs import Programs


def kubelet(programs: Programs, places: Places, addresses: Addresses) -> Part:
    settings = settings_file(places.settings, "kubelet.json", json.dumps(kubelet_settings(places, addresses), indent=1))
    argv = [
        str(programs.kube.with_name("kubelet")),
        f"--config={settings}",
        f"--kubeconfig={places.pki}/kubelet.kubeconfig",
        f"--root-dir={places.kubelet}",
        f"--hostname-override={NAME}",
        f"--node-ip={addresses.node}",
    ]
    return Part("kubelet", tuple(argv), ((str(addresses.node), KUBELET_PORT), (LOOPBACK, KUBELET_HEALTH_PORT)))


def kubelet_settings(places: Places, addresses: Addresses) -> dict[str, Any]:
    """The kubelet's configuration file."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": str(addresses.node),
        "port": KUBELET_PORT,
        "healthzBindAddress": LOOPBACK,
        "healthzPort": KUBELET_HEALTH_PORT,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{places.pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{places.pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{places.pki}/kubelet.key",
        "containerRuntimeEndpoint": f"unix://{places.containerd}",
        "podLogsDir": str(places.root / "pod-logs"),
        "volumePluginDir": str(places.root / "volume-plugins"),
        "resolvConf": str(dns.resolver_file()),
        "clusterDNS": [str(addresses.dns)],
        "clusterDomain": dns.DOMAIN,
        # A machine for tests may have swap, control groups of the first version, and no right to protect a process
        # from the kernel's search for memory.
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        # The machine is somebody's: pods are not thrown out, and images not deleted, because its disk is filled.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "serializeImagePulls": False,
    }


def proxy(programs: Programs, places: Places, addresses: Addresses) -> Part:
    """iptables and not nftables: only there does a NodePort answer on loopback, and it answers nowhere else."""
    argv = [
        str(programs.kube.with_name("kube-proxy")),
        f"--kubeconfig={places.pki}/proxy.kubeconfig",
        f"--hostname-override={NAME}",
        "--proxy-mode=iptables",
        f"--cluster-cidr={addresses.pods}",
        f"--nodeport-addresses=127.0.0.0/8,{addresses.node}/32",
        f"--healthz-bind-address={LOOPBACK}:{PROXY_HEALTH_PORT}",
        f"--metrics-bind-address={LOOPBACK}:{PROXY_METRICS_PORT}",
        "--oom-score-adj=0",
        # The table of connections is the whole machine's: its limits are left alone.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    ]
    return Part("proxy", tuple(argv), ((LOOPBACK, PROXY_HEALTH_PORT), (LOOPBACK, PROXY_METRICS_PORT)))


def api_for_pods(programs: Programs, addresses: Addresses) -> Part:
    """Passes on to the API server, which listens on loopback, what pods send to the node's address."""
    argv = [
        str(programs.kube.with_name("api-for-pods")),
        f"--listen={addresses.node}:{API_PORT}",
        f"--target={LOOPBACK}:{API_PORT}",
    ]
    return Part("api-for-pods", tuple(argv), ((str(addresses.node), API_PORT),))


def provisioner(programs: Programs, places: Places) -> Part:
    argv = [
        str(programs.kube.with_name("local-provisioner")),
        f"--kubeconfig={places.pki}/provisioner.kubeconfig",
        f"--root={places.volumes}",
        f"--node={NAME}",
    ]
    return Part("provisioner", tuple(argv))


def policies(programs: Programs, places: Places) -> Part:
    argv = [
        str(programs.kube.with_name("network-policies")),
        f"--kubeconfig={places.pki}/policies.kubeconfig",
        f"--node={NAME}",
        f"--queue={QUEUE}",
    ]
    return Part("policies", tuple(argv))
