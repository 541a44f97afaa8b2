"""The images of a deployment that stay on the engine: the last ones that it has run, for a way back without a registry.

The engine itself keeps the list, as tags: `mimir-<stack>-deployed:<time>`. So it is known whose an image is, also where
several stacks pull from one repository, and which one is the oldest; the images' own times are all the same, because
builds are reproducible.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from datetime import UTC, datetime

import docker
import pulumi
from docker.errors import APIError, DockerException, ImageNotFound
from docker.models.images import Image
from requests import RequestException

from components.application.application import Application
from components.docker.engine import engine
from components.settings import Settings

VALID = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
"""What an engine accepts as the name of a repository; names of stacks may have upper-case letters."""

SUFFIX = "-deployed"
"""End of the names under which stacks keep images."""


def repository(deployment: str) -> str:
    """Name of the tags of a deployment.

    Args:
        deployment: name of the deployment.
    """
    name = (
        deployment if VALID.fullmatch(deployment) else f"mimir-{hashlib.sha256(deployment.encode()).hexdigest()[:16]}"
    )
    return f"{name}{SUFFIX}"


def clean_up(settings: Settings, application: Application, ready: str, reference: str) -> str:
    """Note that an image was deployed, and remove those that are no longer kept; a failure is a warning.

    Args:
        settings: the stack's.
        application: what runs.
        ready: returned.
        reference: of the image that runs.
    """
    try:
        keep(engine.client(settings.docker.host), application.name, reference, settings.docker.keep_images)
    except (DockerException, RequestException) as error:
        pulumi.log.warn(f"Images from before are still on the engine: {error}")
    return ready


def keep(client: docker.DockerClient, deployment: str, reference: str, count: int) -> None:
    """Keep an image as the newest one of a deployment, and the ones before it, and remove the rest.

    Args:
        client: of the engine.
        deployment: name of the deployment.
        reference: of the image that runs.
        count: how many stay.

    Raises:
        DockerException: when the engine does not answer.
    """
    image = client.images.get(reference)
    kept = _kept(client, deployment)
    if not kept or kept[0][1].id != image.id:
        tag = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        image.tag(repository(deployment), tag=tag)
        kept.insert(0, (f"{repository(deployment)}:{tag}", image))
    seen: set[str] = set()
    for name, older in kept:
        if older.id in seen:  # deployed again since: the newer tag counts
            client.images.remove(name)
        elif len(seen) == count:
            _remove(client, name, older)
        else:
            seen.add(str(older.id))


def forget(client: docker.DockerClient, deployment: str) -> None:
    """Remove all images of a deployment that nobody else keeps or uses.

    Args:
        client: of the engine.
        deployment: name of the deployment.

    Raises:
        DockerException: when the engine does not answer.
    """
    for name, image in _kept(client, deployment):
        _remove(client, name, image)


def _kept(client: docker.DockerClient, deployment: str) -> list[tuple[str, Image]]:
    """The tags of a deployment and their images, the newest first."""
    prefix = f"{repository(deployment)}:"
    tags = [(tag, image) for image in client.images.list(name=repository(deployment)) for tag in image.tags]
    return sorted((entry for entry in tags if entry[0].startswith(prefix)), key=lambda entry: entry[0], reverse=True)


def _remove(client: docker.DockerClient, name: str, image: Image) -> None:
    """Take a tag away, and the image too unless somebody else gave it a name, or a container was made from it."""
    with suppress(APIError):
        client.images.remove(name)
    try:
        image = client.images.get(str(image.id))
    except ImageNotFound:
        return
    if image.tags or client.containers.list(all=True, filters={"ancestor": str(image.id)}):
        return
    for digest in image.attrs.get("RepoDigests") or []:
        with suppress(APIError):  # the last name of what somebody has begun to use meanwhile
            client.images.remove(digest)
