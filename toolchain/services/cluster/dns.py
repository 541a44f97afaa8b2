"""The cluster's DNS: CoreDNS in a pod, as everywhere, so that policies and probes see what they see elsewhere."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.objects import Placed, binding, role

NAME = "coredns"
NAMESPACE = "kube-system"
LABELS = {"k8s-app": "kube-dns"}
"""The label, like the name of the service, is what everybody's NetworkPolicies expect."""

DOMAIN = "cluster.local"
KNOWN_NAME = f"kubernetes.default.svc.{DOMAIN}"
"""A name that every cluster has."""

RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))

COREFILE = """\
.:53 {{
    errors
    health
    ready
    cache 30
    kubernetes {domain} in-addr.arpa ip6.arpa {{
        fallthrough in-addr.arpa ip6.arpa
    }}
{forward}}}
"""


def resolver_file() -> Path:
    """Where this machine's name servers are listed: not systemd's own, which answers on loopback only."""
    return next((file for file in RESOLVERS if file.exists()), RESOLVERS[-1])


def corefile(resolvers: str) -> str:
    """CoreDNS's settings on a machine with this resolv.conf. A server on loopback cannot be asked from a pod."""
    lines = [line.split() for line in resolvers.splitlines()]
    servers = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver" and _is_elsewhere(words[1])]
    return COREFILE.format(domain=DOMAIN, forward=f"    forward . {' '.join(servers)}\n" if servers else "")


def objects(image: str, addresses: Addresses) -> list[Placed]:
    """Every Kubernetes object of CoreDNS.

    Args:
        image: name of the image, which is already in containerd.
        addresses: the cluster's; the service gets the DNS address.

    Returns:
        Each object, with the path of its collection.
    """
    core = f"/api/v1/namespaces/{NAMESPACE}"
    settings = corefile(_text(resolver_file()))
    readable = [("", ["endpoints", "services", "pods", "namespaces"]), ("discovery.k8s.io", ["endpointslices"])]
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    return [
        (f"{core}/serviceaccounts", _object("v1", "ServiceAccount", {})),
        role("system:coredns", readable),
        binding("system:coredns", "system:coredns", account),
        (f"{core}/configmaps", _object("v1", "ConfigMap", {"data": {"Corefile": settings}})),
        (f"{core}/services", _service(addresses)),
        (
            f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments",
            _object("apps/v1", "Deployment", {"spec": _deployment(image, settings)}),
        ),
    ]


def _service(addresses: Addresses) -> dict[str, Any]:
    protocols = [("dns", "UDP"), ("dns-tcp", "TCP")]
    ports = [{"name": name, "port": 53, "targetPort": 53, "protocol": protocol} for name, protocol in protocols]
    spec = {"clusterIP": str(addresses.dns), "selector": LABELS, "ports": ports}
    return _object("v1", "Service", {"spec": spec}, name="kube-dns")


def _deployment(image: str, settings: str) -> dict[str, Any]:
    container = {
        "name": NAME,
        "image": image,
        "imagePullPolicy": "Never",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [{"name": f"dns-{kind.lower()}", "containerPort": 53, "protocol": kind} for kind in ("UDP", "TCP")],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "failureThreshold": 5},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "170Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": "settings", "mountPath": "/etc/coredns", "readOnly": True}],
    }
    pod = {
        "serviceAccountName": NAME,
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        # Port 53 without any privilege.
        "securityContext": {"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "53"}]},
        "containers": [container],
        "volumes": [{"name": "settings", "configMap": {"name": NAME}}],
    }
    return {
        "replicas": 1,
        "selector": {"matchLabels": LABELS},
        # Other settings make another pod: CoreDNS reads them once.
        "template": {"metadata": {"labels": LABELS, "annotations": {"corefile": settings}}, "spec": pod},
    }


def _object(version: str, kind: str, content: dict[str, Any], name: str = NAME) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": LABELS}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def _is_elsewhere(server: str) -> bool:
    try:
        return not ipaddress.ip_address(server.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
