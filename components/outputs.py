"""What `pulumi up` prints at the end."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import pulumi

from components.application import Application
from components.docker.deployment import DockerDeployment
from components.image import ApplicationImage
from components.settings import Settings


def export(settings: Settings, application: Application, image: ApplicationImage, on: DockerDeployment) -> None:
    """Export the stack's outputs; the URL appears only once the deployment has proved itself."""
    url = on.container_id.apply(lambda _: f"http://{_host(settings)}:{application.port}")
    pulumi.export("url", url)
    pulumi.export("health", pulumi.Output.concat("curl -fsS ", url, application.probe.path))
    pulumi.export("image", image.ref)
    pulumi.export("digest", image.digest)
    if image.platforms:  # development mode has the engine's own only
        pulumi.export("platforms", list(image.platforms))
    pulumi.export("container", application.name)
    pulumi.export("volumes", on.volume_names)
    pulumi.export("logs", f"docker logs --follow {application.name}")


def _host(settings: Settings) -> str:
    """Where the published port is reached: on a remote engine under its name, unless it is bound to loopback there."""
    address = ip_address(settings.docker.bind_address)
    remote = urlsplit(settings.docker.host or "").hostname
    return remote if remote and not address.is_loopback else "127.0.0.1" if address.is_unspecified else str(address)
