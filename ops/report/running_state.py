"""Checks that a refresh does not make on an engine: the containers' networks, and whether requests are answered.

The provider compares only its own inputs, so it does not notice a container that is paused or was disconnected from its
network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import docker
from docker.errors import DockerException, NotFound
from requests import RequestException

from components.application import application
from components.application.application import Application
from components.docker import networks
from components.docker.engine import engine
from components.docker.rollout import reachability
from components.edge import edge_spec as edges
from components.settings import Settings
from ops.report.change import Change

CONTAINER = "docker:index/container:Container"
EDGE = "mimir:docker:DockerEdge"


def inspect_running(
    stack: str, settings: Settings, state: Mapping[str, Any], refreshed: Sequence[Change]
) -> tuple[list[Change], list[str]]:
    """Find differences that a refresh does not report, and why requests fail if no difference explains it.

    Args:
        stack: name of the stack.
        settings: the stack's settings.
        state: as `ops.state.interrupted.export_state` gives it.
        refreshed: the changes that a refresh found.
    """
    mimir = application.describe(settings, stack)
    try:
        client = engine.client(settings.docker.host)
        changes = list(_containers(client, settings, mimir, state, {change.urn for change in refreshed}))
        if changes or any(change.kind == "delete" for change in refreshed) or settings.edge.kind != "haproxy":
            return changes, []
        problem = reachability.check_once(settings, edges.describe(settings, mimir), client)
        return [], [problem] if problem else []
    except (DockerException, RequestException) as error:
        return [], [f"The engine does not say what runs: {error}"]


def _containers(
    client: docker.DockerClient, settings: Settings, mimir: Application, state: Mapping[str, Any], refreshed: set[str]
) -> Iterator[Change]:
    """The containers that do not run, or are not connected to their networks."""
    for resource in state.get("resources") or []:
        inputs = resource.get("inputs") or {}
        urn = str(resource["urn"])
        if (
            resource["type"] != CONTAINER
            or resource.get("delete")
            or inputs.get("mustRun") is False
            or urn in refreshed
        ):
            continue
        try:
            container = client.containers.get(str(resource["id"]))
        except NotFound:
            continue  # a refresh reports it
        expected = networks.edge_networks(mimir) if EDGE in urn else (networks.application_network(settings, mimir),)
        connected = container.attrs["NetworkSettings"]["Networks"] or {}
        paths = [
            *([] if container.status == "running" else [f"state: {container.status}"]),
            *(f"disconnected from network {name}" for name in expected if name not in connected),
        ]
        if paths:
            yield Change(urn, "update", tuple(paths))
