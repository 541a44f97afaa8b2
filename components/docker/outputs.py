"""What `pulumi up` prints at the end, for a Docker engine."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import pulumi

from components.application import Application
from components.settings import Settings, VolumeName


def of(
    settings: Settings,
    application: Application,
    container_id: pulumi.Output[str],
    volumes: Mapping[VolumeName, pulumi.Output[str]],
) -> dict[str, pulumi.Input[Any]]:
    """The outputs; the URL appears only once the deployment has proved itself."""
    url = container_id.apply(lambda _: f"http://{_host(settings)}:{application.port}")
    return {
        "url": url,
        "health": pulumi.Output.concat("curl -fsS ", url, application.probe.path),
        "container": application.name,
        "volumes": volumes,
        "logs": f"docker logs --follow {application.name}",
    }


def _host(settings: Settings) -> str:
    """Where the published port is reached: on a remote engine under its name, unless it is bound to loopback there."""
    address = ip_address(settings.docker.bind_address)
    remote = urlsplit(settings.docker.host or "").hostname
    return remote if remote and not address.is_loopback else "127.0.0.1" if address.is_unspecified else str(address)
