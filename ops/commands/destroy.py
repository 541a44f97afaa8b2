"""Remove the stack, keep volumes with data, and print how to delete those."""

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
from ops.audit_log.recording import NOT_RECORDED, run_recorded
from ops.stack.cli import outputs, pulumi, setting


def arguments(_: argparse.ArgumentParser) -> None:
    """Declare no options besides the stack."""


def run(arguments: argparse.Namespace) -> int:
    """Destroy the stack."""
    return destroy(arguments.stack)


def destroy(stack: str) -> int:
    """Destroy everything that is not protected.

    Returns:
        The CLI's exit code, or `NOT_RECORDED`.

    Raises:
        StackError: the deployment cannot start (`run_recorded`); nothing was changed.
    """
    previous_outputs = outputs(stack)

    def remove(message: str) -> int:
        options = ("--yes", "--skip-preview", "--exclude-protected", "--message", message)
        return pulumi("destroy", *options, stack=stack)

    code = run_recorded(stack, "destroy", None, remove)
    if code not in (0, NOT_RECORDED):
        return code
    if setting(stack, "platform") == "kubernetes":
        _report_kept_claims(stack, previous_outputs.get("volumes") or {})
        return code
    try:
        _clean_up(engine.client(setting(stack, "docker", "host")), stack, previous_outputs.get("image", ""))
    except (DockerException, RequestException) as error:
        print(f"The remaining objects cannot be listed: the engine does not respond: {error}")
    return code


def _clean_up(client: docker.DockerClient, stack: str, image: str) -> None:
    """Remove the configuration and images that no other stack uses; print the volumes that were kept.

    Args:
        client: of the engine.
        stack: name of the stack.
        image: image that the stack had deployed; may be empty.
    """
    unused_config.remove_unused(client, f"mimir-{stack}")
    kept_images.remove_all(client, f"mimir-{stack}")
    if image:
        with suppress(APIError):  # in use, or already removed
            if not client.images.get(image).tags:  # tagged: used by another stack, or by a user
                client.images.remove(image)
    volumes = sorted(volume.name for volume in client.volumes.list(filters={"label": f"{DEPLOYMENT}=mimir-{stack}"}))
    if not volumes:
        print("Nothing is left on the engine. The registry keeps the image: another stack may use the same digest.")
        return
    print("Kept volumes with data:", *volumes)
    _print_delete_commands(stack, f"docker volume rm {' '.join(volumes)}")


def _report_kept_claims(stack: str, volumes: dict[str, str]) -> None:
    """Print the claims that were kept, and their namespace: deleting a namespace deletes the claims in it."""
    namespace = setting(stack, "kubernetes", "namespace") or f"mimir-{stack}"
    kubectl = f"kubectl --context {setting(stack, 'kubernetes', 'context')}"
    claims = sorted(name for volume, name in volumes.items() if volume != "config")
    print(f"Kept in the cluster, unless `volumes.protected` is empty: namespace {namespace}, claims", *claims)
    # Claims by name, and the namespace only if the stack created it: others may have objects in the same namespace.
    commands = [f"{kubectl} --namespace {namespace} delete pvc {' '.join(claims)}"] if claims else []
    if (setting(stack, "kubernetes", "createNamespace") or "true").lower() != "false":
        commands += [
            f"{kubectl} --namespace {namespace} get all,configmaps,pvc   # if empty, delete the namespace:",
            f"{kubectl} delete namespace {namespace}",
        ]
    _print_delete_commands(stack, *commands)


def _print_delete_commands(stack: str, *platform_commands: str) -> None:
    """Print the commands that delete the data, those of the platform last."""
    commands: Sequence[str] = (
        'eval "$(python3 -m toolchain env)"',
        f"pulumi state unprotect --all --yes --stack {stack}",
        f"pulumi destroy --yes --stack {stack}",
        *platform_commands,
    )
    print("The next `make up` uses them again. To delete them and their data permanently:")
    for command in commands:
        print(f"  {command}")
