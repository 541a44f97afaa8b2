"""The cutover: the edge reloads its files, old requests drain, and the old containers are removed.

It runs on every update, so it also completes the cutover of an interrupted one. If the edge already runs with its
files, it does not reload.
"""

from __future__ import annotations

import time

import pulumi
from docker import DockerClient
from docker.errors import APIError, DockerException
from docker.models.containers import Container

from components.docker import networks
from components.docker.engine import container_repair, engine
from components.docker.labels import role_filter
from components.docker.rollout import reachability, written_files
from components.docker.rollout.verification import enforce_limits
from components.edge.edge_spec import METRICS_PORT, EdgeSpec
from components.edge.haproxy.files import FOLDER, Files
from components.settings import Settings

RELOAD_TIMEOUT_SECONDS = 20.0
"""Time that the edge may take to run with new files, or to start again after it was stopped."""

POLL_INTERVAL_SECONDS = 0.2

PIDS_LIMIT = 256
"""Processes and threads of the edge: two workers during a reload, of up to 64 threads each, and room for the probe."""

RELOAD_COMMANDS = (("kill", "-USR2", "1"), ("sh", "-c", "kill -USR2 1"))
"""Commands that make HAProxy's master, process 1 of the edge's container, reload its files. The first one that the
image has is used.

They run in the container. The engine treats a signal that is sent through its own API as a manual stop, and does not
restart the container after the next crash, restart of the engine or reboot (moby, `killWithSignal`).
"""

COMMAND_NOT_FOUND_CODES = (126, 127)
"""Exit codes of an engine for a command that the container does not have, or may not run."""


class CutoverFailed(pulumi.RunError):
    """Raised when the edge does not run with its files."""


def cut_over(settings: Settings, edge: EdgeSpec, edge_id: str, files: Files, service_id: str) -> str:
    """Make the edge run with its files, and remove every application container that it no longer sends requests to.

    Args:
        settings: settings of the stack.
        edge: specification of the edge.
        edge_id: the engine's id of the edge's container.
        files: the files that were written for the edge.
        service_id: the engine's id of the new application container. Not its name, which may have been changed: this
            container must never be removed as an old one.

    Returns:
        `edge_id`, once all requests to other containers have drained.

    Raises:
        CutoverFailed: when the edge is gone, cannot be started, or rejects its files; it keeps its previous ones.
        NotReachable: when requests do not reach the application through the edge.
    """
    client = engine.client(settings.docker.host)
    with container_repair.translate_errors(edge.name, "started or reloaded", CutoverFailed):
        container = client.containers.get(edge_id)
        container_repair.restore_name(container, edge.name)
        enforce_limits(container, PIDS_LIMIT, edge.settings.cpus)
        restored = written_files.restore(container, files_volume(edge), FOLDER, {**files.plain, **files.secret})
        started = container_repair.start_if_stopped(container)
        if restored and container.status == "restarting":  # the engine's interval between attempts grows to a minute
            container.restart(timeout=0)
            started = True
        _connect_networks(settings, edge, container)
        if _active_digest(container, 0.0) != files.digest:
            if not started:
                _reload(container, edge)
            if _active_digest(container, RELOAD_TIMEOUT_SECONDS, files.digest) != files.digest:
                raise CutoverFailed(_rejected_files_message(container, edge))
        _drain(container, edge)
        reachability.require_reachable(settings, edge, container)
        _remove_old_containers(client, edge, service_id)
    return edge_id


def files_volume(edge: EdgeSpec) -> str:
    """The engine's name of the volume with the edge's files."""
    return f"{edge.name}-files"


def _connect_networks(settings: Settings, edge: EdgeSpec, container: Container) -> None:
    """Connect the edge to its networks. No warning about the internal one if the application does not use it."""
    publishing_network, internal_network = networks.edge_networks(edge.application)
    container_repair.reconnect_if_disconnected(container, publishing_network)
    if networks.is_isolated(settings):
        container_repair.reconnect_if_disconnected(container, internal_network)
    else:
        container_repair.connect_to_network(container, internal_network)


def _reload(container: Container, edge: EdgeSpec) -> None:
    """Make HAProxy reload its files. A container that is being restarted reads them by itself.

    Raises:
        CutoverFailed: when the container does not run, or its image has no command for it.
    """
    for command in RELOAD_COMMANDS:
        try:
            exit_code, output = container.exec_run(list(command))
        except APIError:
            container.reload()
            if container.status not in ("running", "restarting"):
                raise CutoverFailed(container_repair.not_running_message(edge.name, container.status)) from None
            return
        if exit_code not in COMMAND_NOT_FOUND_CODES:
            break
    if exit_code:
        reason = output.decode(errors="replace").strip() if isinstance(output, bytes) else ""
        raise CutoverFailed(
            f"{edge.name} cannot reload its configuration; it keeps the previous one: {reason}\n"
            "  allowed     an image for mimir:edge.image that has `kill`, or `sh`, and `wget`"
        )


def _active_digest(container: Container, timeout_seconds: float, expected: str | None = None) -> str:
    """The digest of the files that the edge runs with; empty if it does not answer.

    Args:
        container: the edge's container.
        timeout_seconds: how long to wait for `expected`.
        expected: the digest to wait for; by default any.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            exit_code, output = container.exec_run(["wget", "-qO-", f"http://127.0.0.1:{METRICS_PORT}/configuration"])
            digest = output.decode().strip() if exit_code == 0 and isinstance(output, bytes) else ""
        except DockerException:  # no command can run in a container that is just starting
            digest = ""
        if (digest and digest == (expected or digest)) or time.monotonic() >= deadline:
            return digest
        time.sleep(POLL_INTERVAL_SECONDS)


def _drain(container: Container, edge: EdgeSpec) -> None:
    """Wait until the worker from before a reload has answered its last request.

    HAProxy itself ends it after `hard-stop-after`, which is `edge.drain_seconds`.
    """
    deadline = time.monotonic() + edge.drain_seconds + RELOAD_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        # One master and one worker; any other worker is from before the reload.
        processes = container.top()["Processes"] or []
        if sum("haproxy" in " ".join(process) for process in processes) <= 2:
            return
        time.sleep(POLL_INTERVAL_SECONDS)
    raise CutoverFailed(
        f"{edge.name}: the worker with the previous configuration still runs after {edge.drain_seconds} s."
    )


def _remove_old_containers(client: DockerClient, edge: EdgeSpec, service_id: str) -> None:
    """Remove every application container but the new one, and smoke tests of interrupted updates."""
    for role in ("service", "trial"):
        for container in client.containers.list(all=True, filters=role_filter(edge.application, role)):
            if container.id != service_id:
                container.stop(timeout=edge.application.grace_seconds)
                container.remove(force=True)


def _rejected_files_message(container: Container, edge: EdgeSpec) -> str:
    log = container.logs(tail=15).decode(errors="replace").rstrip()
    lines = "\n".join(f"    {line}" for line in log.splitlines())
    return (
        f"{edge.name} does not run with its new configuration; it keeps the previous one, if it had one.\n"
        f"  last log lines:\n{lines}\n"
        f"  more        docker logs {edge.name}; make refresh (pulumi up --refresh) starts it again"
    )
