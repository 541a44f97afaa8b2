"""Checks of what a deployment needs in the cluster besides Kubernetes: cert-manager, a Gateway, classes."""

from __future__ import annotations

from collections.abc import Iterator

from kubernetes.client.exceptions import ApiException

from components.kubernetes.cluster.api_server import Get
from components.problems import Problem
from components.settings import Settings

CERT_MANAGER = "/apis/cert-manager.io/v1"
GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
PRIORITY_CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"
INGRESS_CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"


def missing(settings: Settings, namespace: str, get: Get) -> Iterator[Problem]:
    """Yield what the settings name and the cluster does not have.

    Args:
        settings: settings of the stack.
        namespace: namespace of the deployment.
        get: reads a path of the API. Objects that this user may not read count as present.

    Yields:
        One problem for each missing prerequisite.

    Raises:
        ApiException: the API server refuses with a status other than 403 and 404.
    """
    edge = settings.edge
    priority = settings.kubernetes.priority_class
    if priority and not _has(get, f"{PRIORITY_CLASSES}/{priority}"):
        key = "mimir:kubernetes.priorityClass"
        allowed = "a PriorityClass (kubectl get priorityclass), or nothing"
        yield _absent(key, f'"{priority}"', allowed, f"--path '{key}' system-cluster-critical")
    if settings.tls_mode == "certManager" and edge.kind in ("haproxy", "ingress"):
        yield from _cert_manager(edge.tls.issuer, get)
    if edge.kind == "gateway":
        yield from _gateway(edge.gateway.name, edge.gateway.namespace or namespace, get)
    if edge.kind == "ingress" and edge.ingress_class and not _has(get, f"{INGRESS_CLASSES}/{edge.ingress_class}"):
        key = "mimir:edge.ingressClass"
        yield _absent(
            key, f'"{edge.ingress_class}"', "an IngressClass (kubectl get ingressclass)", f"--path '{key}' nginx"
        )


def _cert_manager(issuer: str | None, get: Get) -> Iterator[Problem]:
    if not _has(get, CERT_MANAGER):
        key = "mimir:edge.tls.mode"
        yield _absent(
            key, "certManager", "given or selfSigned, or cert-manager installed", f"--path '{key}' selfSigned"
        )
    elif not _has(get, f"{CERT_MANAGER}/clusterissuers/{issuer}"):
        key = "mimir:edge.tls.issuer"
        yield _absent(key, f'"{issuer}"', "a ClusterIssuer (kubectl get clusterissuers)", f"--path '{key}' letsencrypt")


def _gateway(name: str | None, namespace: str, get: Get) -> Iterator[Problem]:
    if not _has(get, GATEWAY_API):
        key = "mimir:edge.kind"
        yield _absent(key, "gateway", "haproxy, or the Gateway API installed", f"--path '{key}' haproxy")
    elif not _has(get, f"{GATEWAY_API}/namespaces/{namespace}/gateways/{name}"):
        key = "mimir:edge.gateway.name"
        yield _absent(key, f'"{name}" in {namespace}', "a Gateway (kubectl get gateways -A)", f"--path '{key}' public")


def _absent(key: str, actual: str, allowed: str, change: str) -> Problem:
    return Problem(key, f"{actual}, which the cluster does not have", allowed, f"pulumi config set {change}")


def _has(get: Get, path: str) -> bool:
    try:
        return bool(get(path))
    except ApiException as error:
        if error.status in (403, 404):
            return bool(error.status == 403)
        raise
