"""The Services: an address for the front door, and names for what is behind it."""

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
"""Annotations by which many installations of Prometheus find what to scrape."""


def front(name: str, scope: Scope, edge: EdgeSpec | None, opts: pulumi.ResourceOptions) -> core.v1.Service:
    """The Service with the deployment's own name: of the edge, which is there by then, or else of the application."""
    application, kind = scope.application, scope.settings.kubernetes.service_type
    part: Part = "edge" if edge else "application"
    ports = (
        [_port(door, port, door, node_port=node_port(scope, edge, door)) for door, (port, _) in doors(edge).items()]
        if edge
        else [_port("http", application.port, "http", node_port=scope.settings.kubernetes.node_port)]
    )
    # Whether pods are ready is what the workload waits for; only an address from outside takes time of its own.
    wait = {} if kind == "LoadBalancer" else SKIP_AWAIT
    # Another node would forward with its own address, and limits and policies are by the client's.
    local = "Local" if edge and kind != "ClusterIP" else None
    spec = core.v1.ServiceSpecArgs(
        type=kind, selector=selector_of(application, part), ports=ports, external_traffic_policy=local
    )
    return _service(name, scope, application.name, part, spec, opts, wait, ours=edge is not None)


def node_port(scope: Scope, edge: EdgeSpec, door: str) -> int | None:
    """The port of every node for the door of this name, where the settings have one."""
    kubernetes = scope.settings.kubernetes
    return kubernetes.node_port if door == edge.scheme else kubernetes.redirect_node_port


def pods(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> core.v1.Service:
    """A name with the address of each pod of the application that is ready: the edge chooses among them."""
    spec = core.v1.ServiceSpecArgs(
        type="ClusterIP",
        cluster_ip="None",
        publish_not_ready_addresses=False,
        selector=selector_of(scope.application),
        ports=[_port("http", scope.application.port, "http")],
    )
    return _service(name, scope, pods_name(scope), "edge", spec, opts)


def pods_name(scope: Scope) -> str:
    """Name of the Service without an address of its own."""
    return f"{scope.application.name}-pods"


def metrics(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> core.v1.Service:
    """Where monitoring finds the edge's figures and the application's."""
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
