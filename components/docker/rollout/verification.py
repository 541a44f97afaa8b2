"""Verification of the running container at the end of every update: its configuration and its limits."""

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
from components.docker.engine import container_repair, engine
from components.docker.labels import STANDBY
from components.docker.rollout import written_files
from components.docker.unused_config import volume_name
from components.settings import Settings

PROBE_TIMEOUT_SECONDS = 10.0
"""Time that a process that is just being restarted may take to answer."""

POLL_INTERVAL_SECONDS = 0.5


class VerificationFailed(pulumi.RunError):
    """Raised when the container does not run, or not with its configuration."""


def verify_deployment(settings: Settings, application: Application, container_id: str, name: str) -> str:
    """Verify that the configuration file is in effect, and enforce the limits.

    It runs on every update, so it also repairs what was changed outside of Pulumi: a stopped container is started, a
    disconnected one is connected, a renamed one gets its name back, and a lost configuration file is written again.

    Args:
        settings: settings of the stack.
        application: the application of the deployment.
        container_id: the engine's id of the application's container.
        name: the name that the container was deployed with.

    Returns:
        `container_id`.

    Raises:
        VerificationFailed: when the container is gone or does not run, or the application ignores its configuration
            file.
    """
    with container_repair.translate_errors(application.name, "checked", VerificationFailed):
        container = engine.client(settings.docker.host).containers.get(container_id)
        container_repair.restore_name(container, name)
        enforce_limits(container, application.limits.pids, application.limits.cpus)
        restored = _restore_config(container, application)
        started = container_repair.start_if_stopped(container)
        aliases = (STANDBY,) if settings.edge.kind == "haproxy" else ()
        network = networks.application_network(settings, application)
        container_repair.reconnect_if_disconnected(container, network, aliases)
        if restored and not started and run_probe(container, application.config_probe):
            container.restart(timeout=application.grace_seconds)  # it was started without the file
            started = True
        timeout_seconds = application.probe.deadline_seconds if started else PROBE_TIMEOUT_SECONDS
        _require_config_in_effect(container, application, timeout_seconds)
    return container_id


def _restore_config(container: Container, application: Application) -> bool:
    """Write the configuration file again if it was lost, and return whether it was."""
    config = application.config
    [folder, *_] = next(volume.paths for volume in application.volumes if volume.name == "config")
    volume = volume_name(application.name, config.digest)
    return written_files.restore(container, volume, folder, dict.fromkeys(config.names, config.content))


def enforce_limits(container: Container, pids: int, cpus: float) -> None:
    """Set, in place, the limits that the provider does not set.

    It has no argument for the number of processes, and plans an update for another CPU quota without making one
    (kreuzwerker/terraform-provider-docker, `resourceDockerContainerUpdate`).

    Args:
        container: the container.
        pids: limit of processes and threads.
        cpus: CPU limit, in CPUs.

    Raises:
        APIError: when the engine refuses.
    """
    limits = {"PidsLimit": pids, "CpuPeriod": CPU_PERIOD_MICROSECONDS, "CpuQuota": cpu_quota(cpus)}
    host_config = container.attrs["HostConfig"]
    if all(host_config.get(name) == value for name, value in limits.items()):
        return
    api: Any = container.client.api if container.client else None
    api._raise_for_status(api._post_json(api._url("/containers/{0}/update", container.id), data=limits))


def _require_config_in_effect(container: Container, application: Application, timeout_seconds: float) -> None:
    """Run the probe that compares the configuration in effect with the file.

    The probe prints only the keys that differ, never the rest, which may be secret. It is repeated until
    `timeout_seconds` are over, or the container has ended.
    """
    deadline = time.monotonic() + timeout_seconds
    while differences := run_probe(container, application.config_probe):
        container.reload()
        if time.monotonic() > deadline or container.status not in ("running", "restarting"):
            break
        time.sleep(POLL_INTERVAL_SECONDS)
    if not differences:
        return
    state = container.attrs["State"]
    if not state["Running"] or state["Restarting"] or state.get("Paused"):
        raise VerificationFailed(container_repair.not_running_message(str(container.name), state["Status"]))
    raise VerificationFailed(
        f"{container.name} runs, but its configuration file is not in effect:\n{differences}\n"
        "If it was deployed with another file, this replaces it: make refresh   # or: pulumi up --refresh\n"
        f"A {' or '.join(application.shadowing_files[:2])} in {application.working_directory} takes precedence over "
        f"the mounted file: docker cp {container.name}:{application.working_directory} - | tar t"
    )


def run_probe(container: Container, command: Sequence[str]) -> str:
    """Run a probe in a container.

    Args:
        container: the container.
        command: the probe's command.

    Returns:
        The problem that the probe reports; empty if it passes.
    """
    try:
        exit_code, output = container.exec_run(list(command))
    except APIError as error:  # no command can run in a container that is stopped or being restarted
        return str(error.explanation or error)
    if not exit_code:
        return ""
    text = output if isinstance(output, bytes) else b"".join(output)
    return text.decode(errors="replace").rstrip() or f"the probe ended with exit code {exit_code}"
