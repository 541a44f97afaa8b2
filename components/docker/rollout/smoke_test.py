"""A new version is tried beside the old one before Pulumi makes it the stack's.

Pulumi, once a replacement was created but did not become healthy, counts it as the current one and deletes the old
one at the start of the next update, while that still serves. So whatever can fail is found out before: a container
just like the new one is started, out of the edge's reach, proved, and removed. If it fails, nothing has changed.
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
from components.docker.labels import DEPLOYMENT, ROLE, filters_of
from components.docker.rollout import container_failure
from components.docker.rollout.verification import not_in_effect
from components.settings import Settings


class TrialFailed(Exception):
    """Raised when the new version does not become healthy; the old one serves on."""


def hook(name: str, settings: Settings, application: Application) -> pulumi.ResourceHook:
    """A hook that tries the container before it is created, where another one serves already."""

    async def attempt(args: pulumi.ResourceHookArgs) -> None:
        client = engine.client(settings.docker.host)
        serving = client.containers.list(filters=filters_of(application, "service"))
        if not serving:
            return
        # A hook gets an input that is a secret, or has one in it, as an output.
        inputs = await pulumi.Output.from_input(args.new_inputs or {}).future()
        assert inputs
        trial_name = f"{application.name}-trial"
        _remove(client.containers, trial_name)
        try:
            trial = client.containers.run(**arguments(inputs, trial_name, application))
            if problem := _wait(trial, application):
                raise TrialFailed(
                    f"The new version did not become healthy. {serving[0].name} still serves the one before it.\n"
                    + container_failure.describe(trial, problem, stays=False)
                )
        finally:
            _remove(client.containers, trial_name)

    return pulumi.ResourceHook(f"{name}-trial", attempt)


def arguments(inputs: Mapping[str, Any], name: str, application: Application) -> dict[str, Any]:
    """The provider's inputs of a container as the engine library's arguments, without what makes it public."""
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
            Mount(one["target"], one["source"], type=one["type"], read_only=one.get("readOnly", False))
            for one in inputs["mounts"]
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


def _wait(trial: Container, application: Application) -> str:
    """Nothing once the process answers its probe and its configuration is in effect, else what is wrong."""
    deadline = time.monotonic() + application.probe.deadline_seconds
    while problem := not_in_effect(trial, application.probe.command) or not_in_effect(trial, application.config_probe):
        trial.reload()
        if trial.status not in ("created", "running"):
            return f"ended with exit code {trial.attrs['State']['ExitCode']}."
        if time.monotonic() > deadline:
            return f"did not become healthy in {application.probe.deadline_seconds} s: {problem}"
        time.sleep(0.3)
    return ""


def _remove(containers: Any, name: str) -> None:
    try:
        containers.get(name).remove(force=True)
    except NotFound:
        return
