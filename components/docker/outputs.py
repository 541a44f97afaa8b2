"""The stack outputs of a deployment on a Docker engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.application.application import Application
from components.docker.engine.engine import published_host
from components.edge.edge_spec import METRICS_PORT, EdgeSpec
from components.edge.endpoint import Endpoint
from components.settings import Settings, VolumeName


def stack_outputs(
    settings: Settings,
    application: Application,
    edge: EdgeSpec | None,
    container: pulumi.Output[str],
    ready: pulumi.Output[str],
    volumes: Mapping[VolumeName, pulumi.Output[str]],
) -> dict[str, pulumi.Input[Any]]:
    """The stack outputs, by name. The URLs are known only once the deployment is verified.

    Args:
        settings: settings of the stack.
        application: the application of the deployment.
        edge: the edge, if the stack has one.
        container: name of the application's container.
        ready: known once the deployment is verified.
        volumes: the engine's names of the volumes.
    """
    scheme = edge.scheme if edge else "http"
    address = f"{published_host(settings)}:{settings.edge_port}"
    host = next(iter(edge.settings.hosts), None) if edge else None
    is_trusted = edge is None or settings.tls_mode != "selfSigned"
    health = Endpoint(scheme, settings.edge_port, address, host, is_trusted).curl(application.probe.path)
    outputs: dict[str, pulumi.Input[Any]] = {
        "url": ready.apply(lambda _: f"{scheme}://{address}"),
        "health": ready.apply(lambda _: health),
        "container": container,
        "volumes": volumes,
        "logs": pulumi.Output.concat("docker logs --follow ", container),
    }
    if edge:
        outputs["edge"] = edge.name
        outputs["access_log"] = f"docker logs --follow {edge.name}"
        port = settings.docker.metrics_port
        base_url = f"http://127.0.0.1:{port}" if port else f"http://{edge.name}:{METRICS_PORT}"
        comment = "" if port else f"   # from a container of network {application.name}"
        outputs["metrics"] = f"{base_url}/metrics {base_url}/metrics/application{comment}"
    return outputs
