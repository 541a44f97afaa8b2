"""Diagnostics of a container that does not become healthy: its state, its last probe and its last log lines."""

from __future__ import annotations

import pulumi
from docker.errors import DockerException
from docker.models.containers import Container
from requests import RequestException

from components.application.application import Application
from components.docker.engine import engine
from components.docker.labels import Role, role_filter
from components.settings import Settings

LOG_LINES = 20


def hook(name: str, settings: Settings, application: Application, role: Role = "service") -> pulumi.ErrorHook:
    """A hook that logs why a container could not be created, and does not retry.

    Args:
        name: logical name of the resource.
        settings: settings of the stack.
        application: the application of the deployment.
        role: role of the container.
    """

    def log_report(_: pulumi.ErrorHookArgs) -> bool:
        pulumi.log.error(report(settings, application, role))
        return False

    return pulumi.ErrorHook(f"{name}-start-failure", log_report)


def report(settings: Settings, application: Application, role: Role = "service") -> str:
    """State, last probe and last log lines of the newest container of a role, as far as the engine returns them.

    Args:
        settings: settings of the stack.
        application: the application of the deployment.
        role: role of the container.
    """
    try:
        client = engine.client(settings.docker.host)
        containers = client.containers.list(all=True, filters=role_filter(application, role))
        if not containers:
            return f"Container {application.name}: the engine has none."
        newest = max(containers, key=lambda container: str(container.attrs["Created"]))
        never_started = newest.attrs["State"]["Status"] == "created"
        return describe(
            newest,
            "could not be started; the engine's reason is in the error of docker:index:Container."
            if never_started
            else f"did not become healthy in {application.probe.deadline_seconds} s.",
        )
    except (DockerException, RequestException) as error:
        return f"Container {application.name}: the engine returns no details ({error})."


def describe(container: Container, problem: str, is_kept: bool = True) -> str:
    """State, last probe and last log lines of a container, after a sentence about the problem.

    Args:
        container: the container.
        problem: predicate of the first sentence, such as "did not become healthy".
        is_kept: whether the container stays on the engine and can be inspected.
    """
    container.reload()
    state = container.attrs["State"]
    log = container.logs(tail=LOG_LINES).decode(errors="replace").rstrip()
    probes = (state.get("Health") or {}).get("Log") or []
    out_of_memory = ", out of memory: mimir:limits.memoryMib" if state.get("OOMKilled") else ""
    last_probe = probes[-1]["Output"].strip() if probes else "none was run"
    lines = [
        f"Container {container.name} {problem}",
        f"  state       {state['Status']}, exit code {state['ExitCode']}{out_of_memory}",
        f"  restarts    {container.attrs['RestartCount']}",
        f"  last probe  {last_probe}",
        f"  last {LOG_LINES} log lines:",
        *(f"    {line}" for line in log.splitlines() or ["(none)"]),
    ]
    if is_kept:
        lines.append(f"  more        docker logs {container.name}; docker inspect {container.name}")
    return "\n".join(lines)
