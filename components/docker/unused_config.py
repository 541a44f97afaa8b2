"""Unused configuration volumes: Pulumi deletes none of them (config_volume.py), so this module does."""

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
    """The engine's name of a configuration volume, and of the container that copies the file into it.

    Args:
        deployment: name of the deployment.
        digest: digest of the configuration file.
    """
    return f"{deployment}-config-{digest.removeprefix('sha256-')}"


def clean_up(settings: Settings, application: Application, container_id: str, current: str) -> str:
    """Remove the unused configuration volumes at the end of an update; a failure is a warning.

    Args:
        settings: settings of the stack.
        application: the application of the deployment.
        container_id: the value to return.
        current: name of the volume with the current configuration.

    Returns:
        `container_id`, unchanged.
    """
    try:
        remove_unused(engine.client(settings.docker.host), application.name, current)
    except (DockerException, RequestException) as error:
        pulumi.log.warn(f"Configurations of earlier deployments are still on the engine: {error}")
    return container_id


def remove_unused(client: docker.DockerClient, deployment: str, current: str | None = None) -> None:
    """Remove the configuration volumes of a deployment that no container uses, and the containers that filled them.

    Args:
        client: client of the engine.
        deployment: name of the deployment.
        current: name of the volume to keep; by default none is kept.

    Raises:
        DockerException: when the engine does not answer.
    """
    for volume in client.volumes.list(filters={"label": f"{DEPLOYMENT}={deployment}"}):
        name = str(volume.name)
        if not name.startswith(volume_name(deployment, "")) or name == current:
            continue
        # The carrier has the volume's name and uses it. Either may be in use otherwise; the next update tries again.
        with suppress(APIError):
            client.containers.get(name).remove()
        with suppress(APIError):
            volume.remove()
