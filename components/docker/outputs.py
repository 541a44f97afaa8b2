"""What `pulumi up` prints at the end, for a Docker engine."""

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
    """The outputs; the URL appears only once the deployment has proved itself.

    Args:
        settings: the stack's.
        application: what runs.
        edge: what stands in front of it, where the stack runs one.
        container: name of the application's container.
        ready: known once everything is proved.
        volumes: names of the volumes.
    """
    scheme = edge.scheme if edge else "http"
    address = f"{published_host(settings)}:{settings.edge_port}"
    host = next(iter(edge.settings.hosts), None) if edge else None
    vouched = edge is None or settings.tls_mode != "selfSigned"
    health = Endpoint(scheme, settings.edge_port, address, host, vouched).curl(application.probe.path)
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
        local = f"http://127.0.0.1:{port}" if port else f"http://{edge.name}:{METRICS_PORT}"
        where = "" if port else f"   # from a container of network {application.name}"
        outputs["metrics"] = f"{local}/metrics {local}/metrics/application{where}"
    return outputs
