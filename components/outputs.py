"""What `pulumi up` prints at the end."""

from __future__ import annotations

import pulumi

from components.application import Application
from components.docker.deployment import DockerDeployment
from components.image import ApplicationImage
from components.settings import Settings


def export(settings: Settings, application: Application, image: ApplicationImage, on: DockerDeployment) -> None:
    """Export the stack's outputs; the URL appears only once the deployment has proved itself."""
    host = "127.0.0.1" if settings.docker.bind_address == "0.0.0.0" else settings.docker.bind_address
    url = on.container_id.apply(lambda _: f"http://{host}:{application.port}")
    pulumi.export("url", url)
    pulumi.export("health", pulumi.Output.concat("curl -fsS ", url, application.probe.path))
    pulumi.export("image", image.ref)
    pulumi.export("digest", image.digest)
    pulumi.export("platforms", list(image.platforms))
    pulumi.export("container", application.name)
    pulumi.export("volumes", on.volume_names)
    pulumi.export("logs", f"docker logs --follow {application.name}")
