"""The switch: from the moment at which the edge has new files until nobody needs what was before.

It runs on every update. When the edge already runs with its files there is nothing to do; so it also finishes what an
update that was killed had begun.
"""

from __future__ import annotations

import time

import pulumi
from docker.errors import APIError, DockerException
from docker.models.containers import Container

from components.docker import networks
from components.docker.engine import engine
from components.docker.labels import filters_of
from components.docker.rollout import reachability, written_files
from components.docker.rollout.verification import enforce_limits
from components.edge.edge_spec import METRICS_PORT, EdgeSpec
from components.edge.haproxy.files import FOLDER, Files
from components.settings import Settings

PATIENCE_SECONDS = 20.0
"""How long the edge may take to run with new files, or to start again after somebody ended it."""

PIDS = 256
"""Processes and threads of the edge: two workers during a reload, of up to 64 threads each, and room for the probe."""

RELOADS = (("kill", "-USR2", "1"), ("sh", "-c", "kill -USR2 1"))
"""Commands that make HAProxy's master, process 1 of the edge's container, read its files again; the first that exists.

They are run inside of the container. The engine counts each signal that is sent through its own API as a stop by hand,
and leaves the container stopped after the next crash, restart of the engine or reboot (moby, `killWithSignal`).
"""

NO_SUCH_COMMAND = (126, 127)
"""Exit codes with which an engine says that a container does not have a command, or may not run it."""


class NotSwitched(pulumi.RunError):
    """Raised when the edge does not run as it was told to."""


def cut_over(settings: Settings, edge: EdgeSpec, edge_id: str, files: Files, service_id: str) -> str:
    """Make the edge run with its files, and end every container that it no longer sends requests to.

    Args:
        settings: the stack's.
        edge: the edge.
        edge_id: the engine's id of its container.
        files: that were written for it.
        service_id: the engine's id of the container that serves from now on. Not its name, which somebody may change:
            that container must never be taken for one from before.

    Returns:
        `edge_id`, once no request is under way anywhere else.

    Raises:
        NotSwitched: when the edge is gone, cannot be started, or refuses its files; it goes on with those before them.
        NotReachable: when requests do not get through it to the application.
    """
    client = engine.client(settings.docker.host)
    with engine.looking_at(edge.name, "started or reloaded", NotSwitched):
        container = client.containers.get(edge_id)
        engine.rename_back(container, edge.name)
        enforce_limits(container, PIDS, edge.settings.cpus)
        restored = written_files.restore(container, files_volume(edge), FOLDER, {**files.plain, **files.secret})
        started = engine.start_if_stopped(container)
        if restored and container.status == "restarting":  # at intervals that grow to a minute
            container.restart(timeout=0)
            started = True
        _connect(settings, edge, container)
        if _in_effect(container, 0.0) != files.digest:
            if not started:
                _reload(container, edge)
            if _in_effect(container, PATIENCE_SECONDS, files.digest) != files.digest:
                raise NotSwitched(_refused(container, edge))
        _drain(container, edge)
        reachability.require(settings, edge, container)
        for role in ("service", "trial"):
            for other in client.containers.list(all=True, filters=filters_of(edge.application, role)):
                if other.id != service_id:
                    other.stop(timeout=edge.application.grace_seconds)
                    other.remove(force=True)
    return edge_id


def files_volume(edge: EdgeSpec) -> str:
    """The engine's name of the volume with the edge's files.

    Args:
        edge: the edge.
    """
    return f"{edge.name}-files"


def _connect(settings: Settings, edge: EdgeSpec, container: Container) -> None:
    """Connect the edge to its networks; not a word about the internal one where the application was never in it."""
    own, internal = networks.of_edge(edge.application)
    engine.attach_if_detached(container, own)
    if networks.is_isolated(settings):
        engine.attach_if_detached(container, internal)
    else:
        engine.connect(container, internal)


def _reload(container: Container, edge: EdgeSpec) -> None:
    """Tell HAProxy to read its files again; one that is being restarted does so by itself.

    Raises:
        NotSwitched: when the container does not run, or its image has no command for it.
    """
    for command in RELOADS:
        try:
            code, output = container.exec_run(list(command))
        except APIError:
            container.reload()
            if container.status not in ("running", "restarting"):
                raise NotSwitched(engine.not_running(edge.name, container.status)) from None
            return
        if code not in NO_SUCH_COMMAND:
            break
    if code:
        reason = output.decode(errors="replace").strip() if isinstance(output, bytes) else ""
        raise NotSwitched(
            f"{edge.name} cannot be told to read its new configuration; it goes on with the one before: {reason}\n"
            "  allowed     an image for mimir:edge.image that has `kill`, or `sh`, and `wget`"
        )


def _in_effect(container: Container, patience: float, wanted: str | None = None) -> str:
    """The digest of the files that the edge runs with; asked again until it is `wanted` or `patience` is over."""
    deadline = time.monotonic() + patience
    while True:
        try:
            code, output = container.exec_run(["wget", "-qO-", f"http://127.0.0.1:{METRICS_PORT}/configuration"])
            said = output.decode().strip() if code == 0 and isinstance(output, bytes) else ""
        except DockerException:  # nothing can be run in a container that is just being started
            said = ""
        if (said and said == (wanted or said)) or time.monotonic() >= deadline:
            return said
        time.sleep(0.2)


def _drain(container: Container, edge: EdgeSpec) -> None:
    """Wait until the worker from before a reload has answered its last request.

    HAProxy itself ends it after `hard-stop-after`, which is `edge.drain_seconds`.
    """
    deadline = time.monotonic() + edge.drain_seconds + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        # A master, and one worker: what is more is from before.
        processes = container.top()["Processes"] or []
        if sum("haproxy" in " ".join(process) for process in processes) <= 2:
            return
        time.sleep(0.2)
    raise NotSwitched(f"{edge.name}: the worker of the configuration before still runs after {edge.drain_seconds} s.")


def _refused(container: Container, edge: EdgeSpec) -> str:
    logs = container.logs(tail=15).decode(errors="replace").rstrip()
    lines = "\n".join(f"    {line}" for line in logs.splitlines())
    return (
        f"{edge.name} does not run with its new configuration; it goes on with the one before, if it had one.\n"
        f"  last log lines:\n{lines}\n"
        f"  more        docker logs {edge.name}; make refresh (pulumi up --refresh) starts it again"
    )
