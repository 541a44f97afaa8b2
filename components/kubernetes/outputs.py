"""What `pulumi up` prints at the end, for a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes import core

from components.edge import public_routes
from components.edge.edge_spec import METRICS_PORT, EdgeSpec
from components.edge.endpoint import Endpoint
from components.kubernetes.labels import Part, selector_of
from components.kubernetes.scope import Scope
from components.settings import VolumeName

LOWEST_FREE_PORT = 1024
"""Ports of this machine below it want more rights than `kubectl port-forward` usually has."""


def stack_outputs(
    scope: Scope,
    edge: EdgeSpec | None,
    ready: Sequence[pulumi.Output[str]],
    front: core.v1.Service,
    volumes: Mapping[VolumeName, pulumi.Output[str]],
) -> dict[str, pulumi.Input[Any]]:
    """The outputs; the URL appears only once every rollout in `ready` is.

    Args:
        scope: whose they are.
        edge: what stands in front, where the stack runs it.
        ready: names of the workloads, the application's first.
        front: Service of the front door.
        volumes: names of the claims and of the configuration.
    """
    application, settings = scope.application, scope.settings
    kubectl = f"{scope.cluster.access.kubectl} --namespace {scope.cluster.namespace}"
    port = edge.port if edge else application.port
    inside = f"{application.name}.{scope.cluster.namespace}.svc:{port}"
    known = pulumi.Output.all(front.spec, front.status, *ready)
    path = application.probe.path
    outputs: dict[str, pulumi.Input[Any]] = {
        "namespace": scope.cluster.namespace,
        "workload": ready[0],
        "service": inside,
        "volumes": volumes,
        "logs": f"{kubectl} logs --follow --selector {_selector(scope, 'application')}",
    }
    if settings.edge.kind in public_routes.CONTROLLERS:
        url = public_routes.controller_url(settings)
        outputs |= {"url": known.apply(lambda _: url), "health": f"curl -fsS {url}{path}"}
    elif settings.kubernetes.service_type == "ClusterIP":
        local = port if port >= LOWEST_FREE_PORT else port + 8000
        outputs["url"] = known.apply(lambda _: f"{edge.scheme if edge else 'http'}://{inside}")
        outputs["forward"] = f"{kubectl} port-forward service/{application.name} {local}:{port}"
        outputs["health"] = f"{_door(scope, edge, f'127.0.0.1:{local}').curl(path)}   # while `forward` runs"
    else:
        door = known.apply(lambda all_: _door(scope, edge, _address(scope, edge, port, all_[0], all_[1])))
        by_name = settings.kubernetes.service_type == "LoadBalancer"
        outputs["url"] = door.apply(lambda one: one.url if by_name else one.url_of(one.address))
        outputs["health"] = door.apply(lambda one: one.curl(path))
    if edge:
        outputs["edge"] = ready[1]
        outputs["access_log"] = f"{kubectl} logs --follow --selector {_selector(scope, 'edge')}"
        outputs["metrics"] = (
            f"{kubectl} port-forward service/{application.name}-metrics {METRICS_PORT}   # then "
            f"http://127.0.0.1:{METRICS_PORT}/metrics and /metrics/application"
        )
    return outputs


def _selector(scope: Scope, part: Part) -> str:
    return ",".join(f"{key}={value}" for key, value in selector_of(scope.application, part).items())


def _door(scope: Scope, edge: EdgeSpec | None, address: str) -> Endpoint:
    """The front door at `address`."""
    if edge is None:
        return Endpoint("http", scope.application.port, address, None, is_trusted=True)
    vouched = scope.settings.tls_mode != "selfSigned"
    return Endpoint(edge.scheme, edge.port, address, next(iter(edge.settings.hosts), None), vouched)


def _address(scope: Scope, edge: EdgeSpec | None, port: int, spec: Any, status: Any) -> str:
    """Where a Service is reached from outside of the cluster."""
    balancers = ((status or {}).get("load_balancer") or {}).get("ingress") or []
    if balancers:
        return f"{balancers[0].get('hostname') or balancers[0].get('ip')}:{port}"
    ports = {one["port"]: one.get("node_port") for one in (spec or {}).get("ports") or []}
    any_node = "<a node with a pod of the edge>" if edge else "<any node>"
    host = "127.0.0.1" if scope.cluster.access.is_local else any_node
    return f"{host}:{ports.get(port) or '<its port>'}"  # a preview may not know it
