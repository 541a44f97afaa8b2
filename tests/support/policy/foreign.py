"""Workloads of somebody else's, without a fault: what a user may add to the program."""

from __future__ import annotations

from typing import Any

from mimir_policy.resource import Resource

IMAGE = "127.0.0.1:5000/other@sha256:" + "ef" * 32
LABELS = {
    "app.kubernetes.io/name": "other",
    "app.kubernetes.io/instance": "other-1",
    "app.kubernetes.io/managed-by": "somebody",
}
PODS = {"app.kubernetes.io/name": "other"}
PROBE = {"httpGet": {"path": "/", "port": 80.0}}


def in_cluster(kind: str, name: str, group: str = "core/v1", protect: bool = False, **more: Any) -> Resource:
    """An object in the namespace `others`."""
    namespace = {} if kind == "Namespace" else {"namespace": "others"}
    metadata = {"name": name, "labels": dict(LABELS), **namespace}
    return Resource(f"kubernetes:{group}:{kind}", name, {"metadata": metadata, **more}, protect)


def pod() -> dict[str, Any]:
    """The specification of a pod that goes on running."""
    container = {
        "name": "other",
        "image": IMAGE,
        "env": [{"name": "GREETING", "value": "hello"}],
        "securityContext": {
            "runAsNonRoot": True,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {kind: {"cpu": "100m", "memory": "64Mi"} for kind in ("requests", "limits")},
        **{f"{kind}Probe": PROBE for kind in ("startup", "readiness", "liveness")},
    }
    security = {"runAsUser": 1000.0, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"securityContext": security, "containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}]}


def template() -> dict[str, Any]:
    """A template of it."""
    return {"metadata": {"labels": dict(LABELS)}, "spec": pod()}


DEPLOYMENT = in_cluster("Deployment", "other", "apps/v1", spec={"replicas": 2.0, "template": template()})
SERVICE = in_cluster("Service", "front", spec={"type": "ClusterIP", "ports": [{"port": 80.0, "name": "http"}]})
LABEL = "pod-security.kubernetes.io/enforce"
NAMESPACE = in_cluster("Namespace", "others", protect=True)
NAMESPACE.properties["metadata"]["labels"][LABEL] = "restricted"
CLAIM = in_cluster("PersistentVolumeClaim", "data", protect=True, spec={})
DENY = in_cluster(
    "NetworkPolicy", "deny", "networking.k8s.io/v1", spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
)
BUDGET = in_cluster(
    "PodDisruptionBudget",
    "budget",
    "policy/v1",
    spec={"maxUnavailable": 1.0, "selector": {"matchLabels": PODS}},
)
CONFIG = in_cluster("ConfigMap", "config", data={"app.yaml": "level: info\ntoken_ttl: 60\n"})
ROUTE = in_cluster(
    "Ingress",
    "route",
    "networking.k8s.io/v1",
    spec={"rules": [{"host": "a.example.com"}], "tls": [{"hosts": ["a.example.com"], "secretName": "tls"}]},
)
GATEWAY = in_cluster(
    "Gateway",
    "gateway",
    "gateway.networking.k8s.io/v1",
    spec={"listeners": [{"port": 443.0, "protocol": "HTTPS"}, {"port": 80.0, "protocol": "HTTP"}]},
)
ON_KUBERNETES = (NAMESPACE, DENY, DEPLOYMENT, SERVICE, CLAIM, BUDGET, CONFIG, ROUTE, GATEWAY)

DOCKER_LABELS = [{"label": "io.mimir.deployment", "value": "other"}]
CONTAINER = Resource(
    "docker:index/container:Container",
    "other",
    {
        "image": IMAGE,
        "user": "1000:1000",
        "readOnly": True,
        "capabilities": {"drops": ["ALL"]},
        "securityOpts": ["no-new-privileges:true"],
        "memory": 64.0,
        "cpuQuota": 50000.0,
        "healthcheck": {"tests": ["CMD", "/probe"]},
        "envs": ["GREETING=hello"],
        "command": ["--serve"],
        "labels": DOCKER_LABELS,
        "mounts": [{"type": "volume", "source": "data", "target": "/data"}],
        "ports": [{"internal": 8080.0, "external": 80.0, "ip": "127.0.0.1"}],
        "uploads": [{"file": "/etc/other", "content": "level: info\n"}],
    },
)
VOLUME = Resource("docker:index/volume:Volume", "data", {"name": "data", "labels": DOCKER_LABELS}, protect=True)
NETWORK = Resource("docker:index/network:Network", "net", {"name": "net", "labels": DOCKER_LABELS})
PULLED = Resource("docker:index/remoteImage:RemoteImage", "pulled", {"name": IMAGE})
BUILT = Resource(
    "docker-build:index:Image",
    "built",
    {
        "platforms": ["linux/amd64", "linux/arm64"],
        "tags": ["127.0.0.1:5000/other:1.2.3"],
        "buildArgs": {"BASE_IMAGE": "scratch"},
    },
)
ON_DOCKER = (CONTAINER, VOLUME, NETWORK, PULLED, BUILT)
