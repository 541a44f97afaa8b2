"""The Services: the public address of the deployment, and DNS names for the pods and the metrics."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import core

from components.edge.edge_spec import METRICS_PORT, EdgeSpec
from components.kubernetes.ingress.edge_pod import doors
from components.kubernetes.labels import SKIP_AWAIT, Part, selector_of
from components.kubernetes.scope import Scope

Port = core.v1.ServicePortArgs

METRICS = "metrics"
SCRAPED = {"prometheus.io/scrape": "true", "prometheus.io/port": str(METRICS_PORT), "prometheus.io/path": "/metrics"}
"""Annotations that many Prometheus installations use to discover scrape targets."""


def front(name: str, scope: Scope, edge: EdgeSpec | None, opts: pulumi.ResourceOptions) -> core.v1.Service:
    """Create the Service that clients connect to, with the name of the deployment.

    Args:
        name: logical name of the resource.
        scope: the deployment.
        edge: description of the edge, which the Service then selects; None selects the application.
        opts: resource options.

    Returns:
        The Service.
    """
    application, kind = scope.application, scope.settings.kubernetes.service_type
    part: Part = "edge" if edge else "application"
    ports = (
        [_port(door, port, door, node_port=node_port(scope, edge, door)) for door, (port, _) in doors(edge).items()]
        if edge
        else [_port("http", application.port, "http", node_port=scope.settings.kubernetes.node_port)]
    )
    # The workload waits for ready pods. Only the address of a load balancer takes additional time.
    wait = {} if kind == "LoadBalancer" else SKIP_AWAIT
    # Other nodes forward with their own address, but limits and policies need the client address.
    local = "Local" if edge and kind != "ClusterIP" else None
    spec = core.v1.ServiceSpecArgs(
        type=kind, selector=selector_of(application, part), ports=ports, external_traffic_policy=local
    )
    return _service(name, scope, application.name, part, spec, opts, wait, ours=edge is not None)


def node_port(scope: Scope, edge: EdgeSpec, door: str) -> int | None:
    """Return the node port that the settings assign to a port of the edge.

    Args:
        scope: the deployment.
        edge: description of the edge.
        door: name of the port, as in `edge_pod.doors`.

    Returns:
        The node port; None lets the cluster choose one.
    """
    kubernetes = scope.settings.kubernetes
    return kubernetes.node_port if door == edge.scheme else kubernetes.redirect_node_port


def pods(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> core.v1.Service:
    """Create the headless Service with the address of each ready application pod; the edge balances between them.

    Args:
        name: logical name of the resource.
        scope: the deployment.
        opts: resource options.

    Returns:
        The Service.
    """
    spec = core.v1.ServiceSpecArgs(
        type="ClusterIP",
        cluster_ip="None",
        publish_not_ready_addresses=False,
        selector=selector_of(scope.application),
        ports=[_port("http", scope.application.port, "http")],
    )
    return _service(name, scope, pods_name(scope), "edge", spec, opts)


def pods_name(scope: Scope) -> str:
    """Return the name of the headless Service."""
    return f"{scope.application.name}-pods"


def metrics(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> core.v1.Service:
    """Create the Service for metrics of the edge and of the application.

    Args:
        name: logical name of the resource.
        scope: the deployment.
        opts: resource options.

    Returns:
        The Service.
    """
    spec = core.v1.ServiceSpecArgs(
        type="ClusterIP",
        selector=selector_of(scope.application, "edge"),
        ports=[_port(METRICS, METRICS_PORT, METRICS, "http")],
    )
    return _service(name, scope, f"{scope.application.name}-{METRICS}", "edge", spec, opts, {**SKIP_AWAIT, **SCRAPED})


def _port(name: str, port: int, target: str, protocol: str | None = None, node_port: int | None = None) -> Port:
    return Port(
        name=name, port=port, target_port=target, protocol="TCP", app_protocol=protocol or name, node_port=node_port
    )


def _service(
    resource: str,
    scope: Scope,
    name: str,
    part: Part,
    spec: core.v1.ServiceSpecArgs,
    opts: pulumi.ResourceOptions,
    annotations: Mapping[str, str] = SKIP_AWAIT,
    *,
    ours: bool = False,
) -> core.v1.Service:
    hooks = pulumi.ResourceOptions(hooks=scope.name_conflict_hooks(resource, ours=ours))
    return core.v1.Service(
        resource,
        metadata=scope.metadata(name, part, annotations),
        spec=spec,
        opts=pulumi.ResourceOptions.merge(opts, hooks),
    )
