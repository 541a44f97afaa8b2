"""The public routes as an HTTPRoute or an Ingress, for an existing controller of the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi_kubernetes import apiextensions, core, networking

from components.application.contract import Route
from components.edge import certificate
from components.edge.edge_spec import SEGMENT
from components.edge.public_routes import is_plain, served_routes
from components.kubernetes.ingress import cert_manager
from components.kubernetes.ingress.edge import names_of
from components.kubernetes.labels import SKIP_AWAIT
from components.kubernetes.scope import Scope

GATEWAY_API = "gateway.networking.k8s.io/v1"

MATCHES_IN_A_RULE = 8
"""Limit of matches per rule in the first stable version of the API; later versions allow more."""


def make(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> None:
    """Create the HTTPRoute or the Ingress that the settings select.

    Args:
        name: logical name of the resource.
        scope: the deployment.
        opts: resource options.
    """
    if scope.settings.edge.kind == "gateway":
        _gateway(name, scope, opts)
    else:
        _ingress(name, scope, opts)


def _with_room(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(hooks=scope.name_conflict_hooks(name)))


def _gateway(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> None:
    edge, application = scope.settings.edge, scope.application
    parent = {"name": edge.gateway.name, "namespace": edge.gateway.namespace, "sectionName": edge.gateway.section}
    matches = [match for route in served_routes(scope.settings) for match in _matches(route)]
    rules = [
        {
            "matches": matches[first : first + MATCHES_IN_A_RULE],
            "backendRefs": [{"name": application.name, "port": application.port}],
            "timeouts": {"request": f"{edge.timeouts.response_seconds}s"},
        }
        for first in range(0, len(matches), MATCHES_IN_A_RULE)
    ]
    spec: dict[str, Any] = {"parentRefs": [{key: value for key, value in parent.items() if value}], "rules": rules}
    if edge.hosts:
        spec["hostnames"] = list(edge.hosts)
    apiextensions.CustomResource(
        name,
        api_version=GATEWAY_API,
        kind="HTTPRoute",
        metadata=scope.metadata(application.name, annotations=SKIP_AWAIT),
        spec=spec,
        opts=_with_room(name, scope, opts),
    )


def _matches(route: Route) -> Iterator[dict[str, Any]]:
    """Yield one match per method of the route; a route without methods matches every method."""
    if is_plain(route):
        path = {"type": "Exact", "value": route.path}
    else:
        pattern = "".join(SEGMENT if part == "{}" else re.escape(part) for part in re.split(r"(\{\})", route.path))
        path = {"type": "RegularExpression", "value": f"^{pattern}$"}
    yield from ({"path": path, "method": method} for method in route.methods)
    if not route.methods:
        yield {"path": path}


def _ingress(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> None:
    """Create the Ingress, with exact paths only: a prefix for a variable segment would also open dangerous paths."""
    edge, application = scope.settings.edge, scope.application
    backend = networking.v1.IngressBackendArgs(
        service=networking.v1.IngressServiceBackendArgs(
            name=application.name, port=networking.v1.ServiceBackendPortArgs(name="http")
        )
    )
    paths = [
        networking.v1.HTTPIngressPathArgs(path=path, path_type="Exact", backend=backend)
        for path in dict.fromkeys(route.path for route in served_routes(scope.settings) if is_plain(route))
    ]
    http = networking.v1.HTTPIngressRuleValueArgs(paths=paths)
    networking.v1.Ingress(
        name,
        metadata=scope.metadata(application.name, annotations=SKIP_AWAIT),
        spec=networking.v1.IngressSpecArgs(
            ingress_class_name=edge.ingress_class,
            rules=[networking.v1.IngressRuleArgs(host=host, http=http) for host in edge.hosts or (None,)],
            tls=_ingress_tls(name, scope, opts),
        ),
        opts=_with_room(name, scope, opts),
    )


def _ingress_tls(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> list[networking.v1.IngressTLSArgs] | None:
    """Return the TLS section of the Ingress, and create the Secret or the Certificate that it names."""
    mode, hosts = scope.settings.tls_mode, list(scope.settings.edge.hosts)
    if mode == "off":
        return None
    if mode == "certManager":
        cert_manager.request(f"{name}-issued", scope, opts)
        return [networking.v1.IngressTLSArgs(hosts=hosts, secret_name=cert_manager.secret_name(scope))]
    pem_output = certificate.certificate_for(f"{name}-certificate", scope.settings, names_of(scope), opts)
    files: pulumi.Output[Mapping[str, str]] = pem_output.apply(
        lambda pem: pulumi.Output.secret({"tls.crt": pem.chain, "tls.key": pem.key} if pem else {})
    )
    secret = core.v1.Secret(
        f"{scope.application.name}-edge-tls",
        metadata=scope.metadata(),
        type="kubernetes.io/tls",
        string_data=files,
        immutable=True,
        opts=opts,
    )
    secret_name = pulumi.Output.unsecret(secret.metadata).apply(lambda metadata: str(metadata.name))
    return [networking.v1.IngressTLSArgs(hosts=hosts or None, secret_name=secret_name)]
