"""Endpoints that a cluster exposes: Services, Ingresses and Gateways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mimir_policy.resource import KUBERNETES, Resource
from mimir_policy.rule import PropertyValue
from mimir_policy.values import dig, is_known, items, mapping, show
from mimir_policy.view import Exposure

OPEN_TYPES = ("LoadBalancer", "NodePort")
TLS_PROTOCOLS = ("https", "tls", "ssl", "grpcs", "wss", "kubernetes.io/wss")
CERTIFICATES = (
    "service.beta.kubernetes.io/aws-load-balancer-ssl-cert",
    "service.beta.kubernetes.io/do-loadbalancer-certificate-id",
    "service.beta.kubernetes.io/oci-load-balancer-tls-secret",
)
"""Annotations that make a cloud's load balancer terminate TLS."""

PLAIN_PORT = 80
"""The port that browsers try first; beside an encrypted port it redirects them."""


def exposures(resource: Resource) -> Iterator[Exposure]:
    """The endpoints that a resource exposes. An HTTPRoute exposes none: its Gateway does, and sets the protocol."""
    if not resource.type.startswith(KUBERNETES):
        return
    spec = dig(resource.properties, "spec")
    if not is_known(spec):
        return
    match resource.kind:
        case "Service" if dig(spec, "type") in OPEN_TYPES:
            annotations = mapping(dig(resource.properties, "metadata", "annotations"))
            by_cloud = any(annotations.get(name) for name in CERTIFICATES)
            for index, port in enumerate(items(dig(spec, "ports"))):
                protocol = dig(port, "appProtocol") or dig(port, "name")
                encrypted = by_cloud or str(protocol).lower() in TLS_PROTOCOLS
                shown = f"port {show(dig(port, 'port'))} ({show(protocol)}) of type {show(dig(spec, 'type'))}"
                redirects = dig(port, "port") == PLAIN_PORT
                yield Exposure(PropertyValue(shown, f"spec.ports[{index}]"), encrypted, redirects)
        case "Ingress":
            covered = [entry for entry in items(dig(spec, "tls")) if _has_certificate(entry)]
            hosts = {host for entry in covered for host in items(dig(entry, "hosts"))}
            has_any = any(not any(items(dig(entry, "hosts"))) for entry in covered)
            for index, rule in enumerate(items(dig(spec, "rules")) or [{}]):
                host = dig(rule, "host")
                encrypted = has_any or host in hosts or (host is None and bool(covered))
                yield Exposure(PropertyValue(host or "every host", f"spec.rules[{index}]"), encrypted)
        case "Gateway":
            for index, listener in enumerate(items(dig(spec, "listeners"))):
                protocol, port = dig(listener, "protocol"), dig(listener, "port")
                encrypted = protocol in ("HTTPS", "TLS")
                yield Exposure(
                    PropertyValue(protocol, f"spec.listeners[{index}]"), encrypted, redirects=port == PLAIN_PORT
                )


def _has_certificate(entry: Any) -> bool:
    """Whether an entry of an Ingress says what it encrypts: hosts (by the controller's certificate), or a Secret."""
    return not is_known(entry) or any(items(dig(entry, "hosts"))) or bool(dig(entry, "secretName"))
