"""Remove a stack, keep its data, and say what is left."""

from __future__ import annotations

import docker
from docker.errors import DockerException

from ops.stack import pulumi


def destroy(stack: str) -> int:
    """Destroy everything but what is protected; return the CLI's exit code."""
    code = pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected", stack=stack)
    if code == 0:
        _say_what_is_left(stack)
    return code


def _say_what_is_left(stack: str) -> None:
    label = {"label": f"io.mimir.deployment=mimir-{stack}"}
    try:
        volumes = [volume.name for volume in docker.from_env().volumes.list(filters=label)]
    except DockerException as error:
        print(f"The engine does not say what is left: {error}")
        return
    if not volumes:
        print("Nothing is left on the engine but pulled images (docker image prune).")
        return
    print("Kept, because they hold data:", *volumes)
    print("The next `make up` uses them again. To delete them and their data for good:")
    print(f"  pulumi state unprotect --all --yes --stack {stack}")
    print(f"  pulumi destroy --yes --stack {stack}")
    print(f"  docker volume rm {' '.join(sorted(volumes))}")
