"""What `pulumi up` prints at the end, for a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes import core

from components.application import Application
from components.kubernetes.cluster import Cluster
from components.settings import Settings, VolumeName


def of(
    settings: Settings,
    application: Application,
    cluster: Cluster,
    workload: pulumi.Output[str],
    service: core.v1.Service,
    volumes: Mapping[VolumeName, pulumi.Output[str]],
) -> dict[str, pulumi.Input[Any]]:
    """The outputs; the URL appears only once the rollout is ready."""
    kubectl = f"{cluster.access.kubectl} --namespace {cluster.namespace}"
    url = pulumi.Output.all(workload, service.spec, service.status).apply(
        lambda known: _url(application, cluster, known[1], known[2])
    )
    outputs: dict[str, pulumi.Input[Any]] = {
        "url": url,
        "health": pulumi.Output.concat("curl -fsS ", url, application.probe.path),
        "namespace": cluster.namespace,
        "workload": workload,
        "service": f"{application.name}.{cluster.namespace}.svc:{application.port}",
        "volumes": volumes,
        "logs": f"{kubectl} logs --follow --selector app.kubernetes.io/instance={application.name}",
    }
    if settings.kubernetes.service_type == "ClusterIP":
        port = application.port
        outputs["url"] = pulumi.Output.concat("http://", application.name, ".", cluster.namespace, ".svc:", str(port))
        outputs["forward"] = f"{kubectl} port-forward service/{application.name} {port}:{port}"
        outputs["health"] = f"curl -fsS http://127.0.0.1:{port}{application.probe.path}   # while `forward` runs"
    return outputs


def _url(application: Application, cluster: Cluster, spec: Any, status: Any) -> str:
    """Where a Service with an address outside of the cluster is reached."""
    balancers = ((status or {}).get("load_balancer") or {}).get("ingress") or []
    if balancers:
        return f"http://{balancers[0].get('hostname') or balancers[0].get('ip')}:{application.port}"
    ports = [port.get("node_port") for port in (spec or {}).get("ports") or []]
    host = "127.0.0.1" if cluster.access.is_local else "<any node>"
    return f"http://{host}:{next(filter(None, ports), '<its port>')}"  # a preview may not know it
