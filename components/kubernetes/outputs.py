"""The stack outputs of a deployment in a cluster."""

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
"""Lower local ports need more privileges than `kubectl port-forward` usually has."""


def stack_outputs(
    scope: Scope,
    edge: EdgeSpec | None,
    ready: Sequence[pulumi.Output[str]],
    front: core.v1.Service,
    volumes: Mapping[VolumeName, pulumi.Output[str]],
) -> dict[str, pulumi.Input[Any]]:
    """Return the stack outputs. The URL is known only once all rollouts in `ready` are complete.

    Args:
        scope: the deployment.
        edge: description of the edge; None if the stack runs none.
        ready: names of the workloads, the application first, known once their rollouts are complete.
        front: Service that clients connect to.
        volumes: names of the claims and of the ConfigMap, by volume.

    Returns:
        The outputs by name.
    """
    application, settings = scope.application, scope.settings
    kubectl = f"{scope.cluster.access.kubectl} --namespace {scope.cluster.namespace}"
    port = edge.port if edge else application.port
    inside = f"{application.name}.{scope.cluster.namespace}.svc:{port}"
    ready_state = pulumi.Output.all(front.spec, front.status, *ready)
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
        outputs |= {"url": ready_state.apply(lambda _: url), "health": f"curl -fsS {url}{path}"}
    elif settings.kubernetes.service_type == "ClusterIP":
        local = port if port >= LOWEST_FREE_PORT else port + 8000
        outputs["url"] = ready_state.apply(lambda _: f"{edge.scheme if edge else 'http'}://{inside}")
        outputs["forward"] = f"{kubectl} port-forward service/{application.name} {local}:{port}"
        outputs["health"] = f"{_door(scope, edge, f'127.0.0.1:{local}').curl(path)}   # while `forward` runs"
    else:
        endpoint = ready_state.apply(
            lambda values: _door(scope, edge, _address(scope, edge, port, values[0], values[1]))
        )
        by_name = settings.kubernetes.service_type == "LoadBalancer"
        outputs["url"] = endpoint.apply(lambda resolved: resolved.url if by_name else resolved.url_of(resolved.address))
        outputs["health"] = endpoint.apply(lambda resolved: resolved.curl(path))
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
    """Return the public endpoint at `address`."""
    if edge is None:
        return Endpoint("http", scope.application.port, address, None, is_trusted=True)
    is_trusted = scope.settings.tls_mode != "selfSigned"
    return Endpoint(edge.scheme, edge.port, address, next(iter(edge.settings.hosts), None), is_trusted)


def _address(scope: Scope, edge: EdgeSpec | None, port: int, spec: Any, status: Any) -> str:
    """Return host and port of a Service as seen from outside the cluster."""
    balancers = ((status or {}).get("load_balancer") or {}).get("ingress") or []
    if balancers:
        return f"{balancers[0].get('hostname') or balancers[0].get('ip')}:{port}"
    ports = {service_port["port"]: service_port.get("node_port") for service_port in (spec or {}).get("ports") or []}
    any_node = "<a node with a pod of the edge>" if edge else "<any node>"
    host = "127.0.0.1" if scope.cluster.access.is_local else any_node
    return f"{host}:{ports.get(port) or '<its port>'}"  # unknown in a preview
