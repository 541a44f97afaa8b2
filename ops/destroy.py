"""Remove a stack, keep its data, and say what is left."""

from __future__ import annotations

from contextlib import suppress

import docker
from docker.errors import APIError, DockerException
from requests import RequestException

from components.docker import engine
from components.docker.labels import DEPLOYMENT
from ops.stack import docker_host, output, pulumi


def destroy(stack: str) -> int:
    """Destroy everything but what is protected; return the CLI's exit code."""
    image = output(stack, "image")
    code = pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected", stack=stack)
    if code == 0:
        try:
            _tidy(engine.client(docker_host(stack)), stack, image)
        except (DockerException, RequestException) as error:
            print(f"The engine does not say what is left: {error}")
    return code


def _tidy(client: docker.DockerClient, stack: str, image: str) -> None:
    """Remove the pulled image, unless another stack uses it, and name the volumes that were kept."""
    if image:
        with suppress(APIError):  # in use, or not there
            client.images.remove(image)
    volumes = sorted(volume.name for volume in client.volumes.list(filters={"label": f"{DEPLOYMENT}=mimir-{stack}"}))
    if not volumes:
        print("Nothing is left on the engine. The registry keeps the image: another stack may run the same digest.")
        return
    print("Kept, because they hold data:", *volumes)
    print("The next `make up` uses them again. To delete them and their data for good:")
    print('  eval "$(python3 -m toolchain env)"')
    print(f"  pulumi state unprotect --all --yes --stack {stack}")
    print(f"  pulumi destroy --yes --stack {stack}")
    print(f"  docker volume rm {' '.join(volumes)}")
