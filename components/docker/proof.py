"""What a deployment proves of the running container before it calls itself done."""

from __future__ import annotations

from typing import Any

import pulumi
from docker.models.containers import Container

from components.application import Application
from components.docker import engine
from components.probes import PROBE_BINARY
from components.settings import Settings


class NotInEffect(pulumi.RunError):
    """Raised when the container runs, but not as it was deployed."""


def prove(settings: Settings, application: Application, container_id: str) -> str:
    """Check that the configuration file is in effect, and limit the processes; return `container_id`.

    It runs on every update, so it also notices what was changed behind the deployment's back.

    Raises:
        NotInEffect: when the application ignores its configuration file.
    """
    container = engine.client(settings.docker.host).containers.get(container_id)
    _limit_pids(container, application.limits.pids)
    _config_in_effect(container, application)
    return container_id


def _limit_pids(container: Container, pids: int) -> None:
    """Set the limit that the provider has no argument for (kreuzwerker/terraform-provider-docker: no pids_limit)."""
    if container.attrs["HostConfig"].get("PidsLimit") == pids:
        return
    api: Any = container.client.api if container.client else None
    api._raise_for_status(api._post_json(api._url("/containers/{0}/update", container.id), data={"PidsLimit": pids}))


def _config_in_effect(container: Container, application: Application) -> None:
    """Ask the probe in the container to compare; it prints the keys that differ and never the rest."""
    expected = [part for key, value in application.config.expected.items() for part in ("--expect", f"{key}={value}")]
    code, output = container.exec_run([PROBE_BINARY, "config", *expected, application.config_url])
    if code == 0:
        return
    said = output if isinstance(output, bytes) else b"".join(output)
    raise NotInEffect(
        f"{application.name} runs, but its configuration file is not in effect:\n"
        f"{said.decode(errors='replace').rstrip()}\n"
        f"A {' or '.join(application.shadowing_files[:2])} in {application.working_directory} would win over the "
        f"mounted file: docker cp {application.name}:{application.working_directory} - | tar t"
    )
