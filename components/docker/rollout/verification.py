"""What a deployment proves of the running container before it calls itself done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pulumi
from docker.errors import APIError
from docker.models.containers import Container

from components.application.application import Application
from components.docker import networks
from components.docker.container_defaults import CPU_PERIOD_MICROSECONDS, cpu_quota
from components.docker.engine import engine
from components.docker.labels import STANDBY
from components.docker.rollout import written_files
from components.docker.unused_config import volume_name
from components.settings import Settings

PATIENCE_SECONDS = 10.0
"""How long a process that is just being restarted may take to answer."""


class NotInEffect(pulumi.RunError):
    """Raised when the container does not run, or not as it was deployed."""


def verify_deployment(settings: Settings, application: Application, container_id: str, name: str) -> str:
    """Check that the configuration file is in effect, and enforce the limits; return `container_id`.

    It runs on every update, so it also notices what was changed behind the deployment's back. A container that was
    stopped is started, one that was disconnected from the network is connected, one that was renamed has its name
    again, and a configuration file that was lost is written again.

    Args:
        settings: the stack's.
        application: what runs.
        container_id: the engine's id of its container.
        name: the name that the container was deployed with.

    Raises:
        NotInEffect: when the container is gone or does not run, or the application ignores its configuration file.
    """
    with engine.looking_at(application.name, "checked", NotInEffect):
        container = engine.client(settings.docker.host).containers.get(container_id)
        engine.rename_back(container, name)
        enforce_limits(container, application.limits.pids, application.limits.cpus)
        restored = _restore_config(container, application)
        started = engine.start_if_stopped(container)
        aliases = (STANDBY,) if settings.edge.kind == "haproxy" else ()
        engine.attach_if_detached(container, networks.of_application(settings, application), aliases)
        if restored and not started and not_in_effect(container, application.config_probe):
            container.restart(timeout=application.grace_seconds)  # it was started without the file
            started = True
        _config_in_effect(container, application, application.probe.deadline_seconds if started else PATIENCE_SECONDS)
    return container_id


def _restore_config(container: Container, application: Application) -> bool:
    """Write the configuration file again if it was lost, and return whether it was."""
    config = application.config
    [folder, *_] = next(volume.paths for volume in application.volumes if volume.name == "config")
    volume = volume_name(application.name, config.digest)
    return written_files.restore(container, volume, folder, dict.fromkeys(config.names, config.content))


def enforce_limits(container: Container, pids: int, cpus: float) -> None:
    """Set, in place, the limits that the provider does not.

    It has no argument for processes, and reports another quota of the CPU as an update without making one
    (kreuzwerker/terraform-provider-docker, `resourceDockerContainerUpdate`).

    Args:
        container: which.
        pids: processes and threads that it may have.
        cpus: CPUs that it may use.

    Raises:
        APIError: when the engine refuses.
    """
    limits = {"PidsLimit": pids, "CpuPeriod": CPU_PERIOD_MICROSECONDS, "CpuQuota": cpu_quota(cpus)}
    host = container.attrs["HostConfig"]
    if all(host.get(name) == value for name, value in limits.items()):
        return
    api: Any = container.client.api if container.client else None
    api._raise_for_status(api._post_json(api._url("/containers/{0}/update", container.id), data=limits))


def _config_in_effect(container: Container, application: Application, patience: float) -> None:
    """Ask the probe in the container to compare; it prints the keys that differ and never the rest.

    It is asked again until `patience` seconds are over, or the container has ended.
    """
    deadline = time.monotonic() + patience
    while said := not_in_effect(container, application.config_probe):
        container.reload()
        if time.monotonic() > deadline or container.status not in ("running", "restarting"):
            break
        time.sleep(0.5)
    if not said:
        return
    state = container.attrs["State"]
    if not state["Running"] or state["Restarting"] or state.get("Paused"):
        raise NotInEffect(engine.not_running(str(container.name), state["Status"]))
    raise NotInEffect(
        f"{container.name} runs, but its configuration file is not in effect:\n{said}\n"
        "If it was deployed with another file, this replaces it: make refresh   # or: pulumi up --refresh\n"
        f"A {' or '.join(application.shadowing_files[:2])} in {application.working_directory} would win over the "
        f"mounted file: docker cp {container.name}:{application.working_directory} - | tar t"
    )


def not_in_effect(container: Container, command: Sequence[str]) -> str:
    """What a probe that is run in the container finds wrong; nothing when all is well."""
    try:
        code, output = container.exec_run(list(command))
    except APIError as error:  # nothing can be run in a container that is stopped or being restarted
        return str(error.explanation or error)
    said = output if isinstance(output, bytes) else b"".join(output)
    return said.decode(errors="replace").rstrip() or f"the probe ended with {code}" if code else ""
