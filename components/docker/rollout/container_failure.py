"""What a person needs when the container does not become healthy: its state, its probe and its last words."""

from __future__ import annotations

import pulumi
from docker.errors import DockerException
from docker.models.containers import Container
from requests import RequestException

from components.application.application import Application
from components.docker.engine import engine
from components.docker.labels import Role, filters_of
from components.settings import Settings

LOG_LINES = 20


def hook(name: str, settings: Settings, application: Application, role: Role = "service") -> pulumi.ErrorHook:
    """A hook that explains why the container of `application` in a role failed, and does not retry."""

    def explain(_: pulumi.ErrorHookArgs) -> bool:
        pulumi.log.error(report(settings, application, role))
        return False

    return pulumi.ErrorHook(f"{name}-start-failure", explain)


def report(settings: Settings, application: Application, role: Role = "service") -> str:
    """State, last probe and last log lines of the newest container, as far as the engine tells them."""
    try:
        containers = engine.client(settings.docker.host).containers
        listed = containers.list(all=True, filters=filters_of(application, role))
        if not listed:
            return f"Container {application.name}: the engine has none."
        newest = max(listed, key=lambda one: str(one.attrs["Created"]))
        created = newest.attrs["State"]["Status"] == "created"
        return describe(
            newest,
            "could not be started; the engine's reason is in the error of docker:index:Container."
            if created
            else f"did not become healthy in {application.probe.deadline_seconds} s.",
        )
    except (DockerException, RequestException) as error:
        return f"Container {application.name}: the engine does not tell more ({error})."


def describe(container: Container, happened: str, stays: bool = True) -> str:
    """`happened`, and state, last probe and last log lines of the container.

    Args:
        container: which.
        happened: what went wrong with it.
        stays: whether it will be there to look at.
    """
    container.reload()
    state = container.attrs["State"]
    logs = container.logs(tail=LOG_LINES).decode(errors="replace").rstrip()
    probes = (state.get("Health") or {}).get("Log") or []
    memory = ", out of memory: mimir:limits.memoryMib" if state.get("OOMKilled") else ""
    last = probes[-1]["Output"].strip() if probes else "the engine made none"
    lines = [
        f"Container {container.name} {happened}",
        f"  state       {state['Status']}, exit code {state['ExitCode']}{memory}",
        f"  restarts    {container.attrs['RestartCount']}",
        f"  last probe  {last}",
        f"  last {LOG_LINES} log lines:",
        *(f"    {line}" for line in logs.splitlines() or ["(none)"]),
    ]
    if stays:
        lines.append(f"  more        docker logs {container.name}; docker inspect {container.name}")
    return "\n".join(lines)
