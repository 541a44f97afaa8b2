"""What a person needs when the container does not become healthy: its state, its probe and its last words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from docker.errors import DockerException
from requests import RequestException

from components.application import Application
from components.docker import engine
from components.settings import Settings

LOG_LINES = 20


def hook(name: str, settings: Settings, application: Application) -> pulumi.ErrorHook:
    """A hook that explains why the container of `application` failed, and does not retry."""

    def explain(_: pulumi.ErrorHookArgs) -> bool:
        pulumi.log.error(report(settings, application))
        return False

    return pulumi.ErrorHook(f"{name}-start-failure", explain)


def _what_happened(state: Mapping[str, Any], application: Application) -> str:
    if state["Status"] == "created":
        return "could not be started; the engine's reason is in the error of docker:index:Container."
    return f"did not become healthy in {application.probe.deadline_seconds} s."


def report(settings: Settings, application: Application) -> str:
    """State, last probe and last log lines of the container, as far as the engine tells them."""
    try:
        container = engine.client(settings.docker.host).containers.get(application.name)
        state = container.attrs["State"]
        logs = container.logs(tail=LOG_LINES).decode(errors="replace").rstrip()
    except (DockerException, RequestException) as error:
        return f"Container {application.name}: the engine does not tell more ({error})."
    probes = (state.get("Health") or {}).get("Log") or []
    memory = ", out of memory: mimir:limits.memoryMib" if state.get("OOMKilled") else ""
    last = probes[-1]["Output"].strip() if probes else "it was never probed"
    return "\n".join(
        [
            f"Container {application.name} {_what_happened(state, application)}",
            f"  state       {state['Status']}, exit code {state['ExitCode']}{memory}",
            f"  restarts    {container.attrs['RestartCount']}",
            f"  last probe  {last}",
            f"  last {LOG_LINES} log lines:",
            *(f"    {line}" for line in logs.splitlines() or ["(none)"]),
            f"  more        docker logs {application.name}; docker inspect {application.name}",
        ]
    )
