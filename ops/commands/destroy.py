"""Remove a stack, keep its data, and say what is left."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress

import docker
from docker.errors import APIError, DockerException
from requests import RequestException

from components.docker import unused_config
from components.docker.engine import engine, kept_images
from components.docker.labels import DEPLOYMENT
from ops.audit_log.recorded import NOT_RECORDED, recorded
from ops.stack.cli import outputs, pulumi, setting


def arguments(_: argparse.ArgumentParser) -> None:
    """Nothing but the stack."""


def run(arguments: argparse.Namespace) -> int:
    """Destroy the stack."""
    return destroy(arguments.stack)


def destroy(stack: str) -> int:
    """Destroy everything but what is protected; return the CLI's exit code, or `NOT_RECORDED`.

    Raises:
        StackError: when it may not begin (`recorded`); nothing was changed.
    """
    before = outputs(stack)

    def remove(message: str) -> int:
        settled = ("--yes", "--skip-preview", "--exclude-protected", "--message", message)
        return pulumi("destroy", *settled, stack=stack)

    code = recorded(stack, "destroy", None, remove)
    if code not in (0, NOT_RECORDED):
        return code
    if setting(stack, "platform") == "kubernetes":
        _say_what_the_cluster_keeps(stack, before.get("volumes") or {})
        return code
    try:
        _tidy(engine.client(setting(stack, "docker", "host")), stack, before.get("image", ""))
    except (DockerException, RequestException) as error:
        print(f"The engine does not say what is left: {error}")
    return code


def _tidy(client: docker.DockerClient, stack: str, image: str) -> None:
    """Remove the configuration, and the images, unless another stack uses them; name the volumes that were kept."""
    unused_config.remove_unused(client, f"mimir-{stack}")
    kept_images.remove_all(client, f"mimir-{stack}")
    if image:
        with suppress(APIError):  # in use, or not there
            if not client.images.get(image).tags:  # another stack keeps it, or somebody gave it a name
                client.images.remove(image)
    volumes = sorted(volume.name for volume in client.volumes.list(filters={"label": f"{DEPLOYMENT}=mimir-{stack}"}))
    if not volumes:
        print("Nothing is left on the engine. The registry keeps the image: another stack may run the same digest.")
        return
    print("Kept, because they hold data:", *volumes)
    _say_how_to_delete(stack, f"docker volume rm {' '.join(volumes)}")


def _say_what_the_cluster_keeps(stack: str, volumes: dict[str, str]) -> None:
    """A namespace is kept as long as a claim in it is: whoever deletes a namespace deletes its claims."""
    namespace = setting(stack, "kubernetes", "namespace") or f"mimir-{stack}"
    kubectl = f"kubectl --context {setting(stack, 'kubernetes', 'context')}"
    claims = sorted(name for volume, name in volumes.items() if volume != "config")
    print(f"Kept in the cluster, unless `volumes.protected` is empty: namespace {namespace}, with its data", *claims)
    # By name, and then a namespace of the stack's own only: in it, or in one that existed, may be objects of others.
    commands = [f"{kubectl} --namespace {namespace} delete pvc {' '.join(claims)}"] if claims else []
    if (setting(stack, "kubernetes", "createNamespace") or "true").lower() != "false":
        commands += [
            f"{kubectl} --namespace {namespace} get all,configmaps,pvc   # where it is empty, the namespace too:",
            f"{kubectl} delete namespace {namespace}",
        ]
    _say_how_to_delete(stack, *commands)


def _say_how_to_delete(stack: str, *on_the_platform: str) -> None:
    """The commands that delete data, the last of them on the platform itself."""
    commands: Sequence[str] = (
        'eval "$(python3 -m toolchain env)"',
        f"pulumi state unprotect --all --yes --stack {stack}",
        f"pulumi destroy --yes --stack {stack}",
        *on_the_platform,
    )
    print("The next `make up` uses them again. To delete them and their data for good:")
    for command in commands:
        print(f"  {command}")
