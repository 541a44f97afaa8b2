"""The last deployed images of a deployment stay on the engine, so that a rollback needs no registry.

The engine keeps the list as tags: `mimir-<stack>-deployed:<time>`. The tags show which deployment an image belongs to,
even if several stacks pull from one repository, and which image is the oldest. The images' own creation times are
useless for that: builds are reproducible, so they are all the same.
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
"""Valid repository names of an engine. Stack names may contain upper-case letters, which these may not."""

SUFFIX = "-deployed"
"""Suffix of the repository names under which images are kept."""


def repository(deployment: str) -> str:
    """Repository name of a deployment's tags.

    Args:
        deployment: name of the deployment.
    """
    name = (
        deployment if VALID.fullmatch(deployment) else f"mimir-{hashlib.sha256(deployment.encode()).hexdigest()[:16]}"
    )
    return f"{name}{SUFFIX}"


def clean_up(settings: Settings, application: Application, ready: str, reference: str) -> str:
    """Record the deployed image, and remove those that are no longer kept; a failure is a warning.

    Args:
        settings: settings of the stack.
        application: the application of the deployment.
        ready: the value to return.
        reference: reference of the running image.

    Returns:
        `ready`, unchanged.
    """
    try:
        keep_image(engine.client(settings.docker.host), application.name, reference, settings.docker.keep_images)
    except (DockerException, RequestException) as error:
        pulumi.log.warn(f"Images of earlier deployments are still on the engine: {error}")
    return ready


def keep_image(client: docker.DockerClient, deployment: str, reference: str, count: int) -> None:
    """Tag an image as the newest one of a deployment, and remove all but the `count` newest.

    Args:
        client: client of the engine.
        deployment: name of the deployment.
        reference: reference of the running image.
        count: number of images to keep.

    Raises:
        DockerException: when the engine does not answer.
    """
    image = client.images.get(reference)
    kept = _kept_images(client, deployment)
    if not kept or kept[0][1].id != image.id:
        tag = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        image.tag(repository(deployment), tag=tag)
        kept.insert(0, (f"{repository(deployment)}:{tag}", image))
    seen: set[str] = set()
    for name, older_image in kept:
        if older_image.id in seen:  # deployed again since: the newer tag counts
            client.images.remove(name)
        elif len(seen) == count:
            _remove(client, name, older_image)
        else:
            seen.add(str(older_image.id))


def remove_all(client: docker.DockerClient, deployment: str) -> None:
    """Remove all images of a deployment that have no other name and no container.

    Args:
        client: client of the engine.
        deployment: name of the deployment.

    Raises:
        DockerException: when the engine does not answer.
    """
    for name, image in _kept_images(client, deployment):
        _remove(client, name, image)


def _kept_images(client: docker.DockerClient, deployment: str) -> list[tuple[str, Image]]:
    """The tags of a deployment and their images, newest first."""
    prefix = f"{repository(deployment)}:"
    tags = [(tag, image) for image in client.images.list(name=repository(deployment)) for tag in image.tags]
    return sorted((entry for entry in tags if entry[0].startswith(prefix)), key=lambda entry: entry[0], reverse=True)


def _remove(client: docker.DockerClient, name: str, image: Image) -> None:
    """Remove a tag, and the image too unless it has another name or a container was created from it."""
    with suppress(APIError):
        client.images.remove(name)
    try:
        image = client.images.get(str(image.id))
    except ImageNotFound:
        return
    if image.tags or client.containers.list(all=True, filters={"ancestor": str(image.id)}):
        return
    for digest in image.attrs.get("RepoDigests") or []:
        with suppress(APIError):  # the last name of an image that has come into use meanwhile
            client.images.remove(digest)
