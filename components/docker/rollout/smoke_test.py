"""The smoke test: a new version must become healthy beside the old one before Pulumi replaces anything.

If a replacement is created but does not become healthy, Pulumi records it as the current container, and deletes the
old one, which still serves, at the start of the next update. So failures must be found before that: a container with
the same arguments is started, unreachable for the edge, verified, and removed. If it fails, nothing has changed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pulumi
from docker.errors import NotFound
from docker.models.containers import Container
from docker.types import LogConfig, Mount

from components.application.application import Application
from components.docker.engine import engine
from components.docker.labels import DEPLOYMENT, ROLE, role_filter
from components.docker.rollout import container_failure
from components.docker.rollout.verification import run_probe
from components.settings import Settings

POLL_INTERVAL_SECONDS = 0.3


class SmokeTestFailed(Exception):
    """Raised when the new version does not become healthy; the old one still serves."""


def hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that runs the smoke test before a container is created, if another one already serves.

    Args:
        name: logical name of the resource.
        settings: settings of the stack.
        application: the application to deploy.
    """

    async def run_smoke_test(args: pulumi.ResourceHookArgs) -> None:
        client = engine.client(settings.docker.host)
        serving = client.containers.list(filters=role_filter(application, "service"))
        if not serving:
            return
        # A hook receives an input that is or contains a secret as an output.
        inputs = await pulumi.Output.from_input(args.new_inputs or {}).future()
        assert inputs
        container_name = f"{application.name}-trial"
        _remove(client.containers, container_name)
        try:
            container = client.containers.run(**run_arguments(inputs, container_name, application))
            if problem := _wait_until_healthy(container, application):
                raise SmokeTestFailed(
                    f"The new version did not become healthy. {serving[0].name} still serves the previous one.\n"
                    + container_failure.describe(container, problem, is_kept=False)
                )
        finally:
            _remove(client.containers, container_name)

    return pulumi.ResourceHook(f"{name}-trial", run_smoke_test)


def run_arguments(inputs: Mapping[str, Any], name: str, application: Application) -> dict[str, Any]:
    """The arguments for the docker package to run the smoke test's container.

    Args:
        inputs: the provider's inputs of the new container. Ports, network aliases and the restart policy are left out.
        name: name of the smoke test's container.
        application: the application to deploy.
    """
    return {
        "image": inputs["image"],
        "command": list(inputs["command"]),
        "name": name,
        "detach": True,
        "environment": list(inputs["envs"]),
        "labels": {DEPLOYMENT: application.name, ROLE: "trial"},
        "log_config": LogConfig(type=inputs["logDriver"], config=dict(inputs["logOpts"])),
        "mem_limit": f"{int(inputs['memory'])}m",
        "mounts": [
            Mount(mount["target"], mount["source"], type=mount["type"], read_only=mount.get("readOnly", False))
            for mount in inputs["mounts"]
        ],
        "network": inputs["networksAdvanced"][0]["name"],
        "read_only": inputs["readOnly"],
        "cap_drop": list(inputs["capabilities"]["drops"]),
        "security_opt": list(inputs["securityOpts"]),
        "cpu_period": int(inputs["cpuPeriod"]),
        "cpu_quota": int(inputs["cpuQuota"]),
        "pids_limit": application.limits.pids,
        "tmpfs": dict(inputs["tmpfs"]),
        "user": inputs["user"],
        "working_dir": inputs["workingDir"],
    }


def _wait_until_healthy(container: Container, application: Application) -> str:
    """Wait until the health probe passes and the configuration is in effect; return the problem if that fails."""
    deadline = time.monotonic() + application.probe.deadline_seconds
    while problem := run_probe(container, application.probe.command) or run_probe(container, application.config_probe):
        container.reload()
        if container.status not in ("created", "running"):
            return f"ended with exit code {container.attrs['State']['ExitCode']}."
        if time.monotonic() > deadline:
            return f"did not become healthy in {application.probe.deadline_seconds} s: {problem}"
        time.sleep(POLL_INTERVAL_SECONDS)
    return ""


def _remove(containers: Any, name: str) -> None:
    try:
        containers.get(name).remove(force=True)
    except NotFound:
        return
