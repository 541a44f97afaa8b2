"""The volumes of configurations that nothing runs with any more. Pulumi deletes none of them (config_volume.py)."""

from __future__ import annotations

from contextlib import suppress

import docker
import pulumi
from docker.errors import APIError, DockerException
from requests import RequestException

from components.application.application import Application
from components.docker.engine import engine
from components.docker.labels import DEPLOYMENT
from components.settings import Settings


def volume_name(deployment: str, digest: str) -> str:
    """The engine's name of the volume, and of the container that carries the file into it.

    Args:
        deployment: name of the deployment.
        digest: of the configuration file.
    """
    return f"{deployment}-config-{digest.removeprefix('sha256-')}"


def clean_up(settings: Settings, application: Application, container_id: str, current: str) -> str:
    """Remove what an update has left, at its end; a failure is a warning.

    Args:
        settings: the stack's.
        application: what runs.
        container_id: of the container that serves; returned.
        current: name of the volume with its configuration.
    """
    try:
        remove(engine.client(settings.docker.host), application.name, current)
    except (DockerException, RequestException) as error:
        pulumi.log.warn(f"Configurations from before are still on the engine: {error}")
    return container_id


def remove(client: docker.DockerClient, deployment: str, current: str | None = None) -> None:
    """Remove the configurations of `deployment`, and what carried them there, unless a container that runs has them.

    Args:
        client: of the engine.
        deployment: name of the deployment.
        current: name of the volume that stays; by default none does.

    Raises:
        DockerException: when the engine does not answer.
    """
    for volume in client.volumes.list(filters={"label": f"{DEPLOYMENT}={deployment}"}):
        name = str(volume.name)
        if not name.startswith(volume_name(deployment, "")) or name == current:
            continue
        # The carrier has the volume's name, and holds it. Somebody may use either; the next update tries again.
        with suppress(APIError):
            client.containers.get(name).remove()
        with suppress(APIError):
            volume.remove()
