"""Just enough of the Docker engine's API to see whether an engine answers, and what runs on it."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from toolchain.command import output_of

DEFAULT_HOST = "unix:///var/run/docker.sock"
ANSWER_SECONDS = 5.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def get(host: str, path: str) -> Any:
    """Send a GET request to a Docker engine.

    Args:
        host: unix://PATH or tcp://HOST:PORT, without TLS.
        path: of the API, such as `/version`.

    Returns:
        The decoded JSON.

    Raises:
        OSError: no answer, another status than 200, or no JSON.
    """
    address = urlsplit(host)
    connection = (
        _UnixConnection(address.path)
        if address.scheme == "unix"
        else http.client.HTTPConnection(address.netloc, timeout=ANSWER_SECONDS)
    )
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != 200:
            raise OSError(f"{host} answered {answer.status}")
        return json.loads(answer.read())
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(f"{host} does not speak Docker's API: {error}") from error
    finally:
        connection.close()


def server_version(host: str, environment: Mapping[str, str]) -> str:
    """The version of the engine at `host`.

    Args:
        host: an address as in DOCKER_HOST; the `docker` client is used for SSH and TLS.
        environment: the user's variables, for that client.

    Raises:
        OSError: the engine does not answer.
    """
    if host.startswith("unix://") or (host.startswith("tcp://") and not environment.get("DOCKER_TLS_VERIFY")):
        return str(get(host, "/version")["Version"])
    # SSH and TLS are the client's business.
    command = ["docker", "--host", host, "version", "--format", "{{.Server.Version}}"]
    version = output_of(command, limit=ANSWER_SECONDS, environment=environment)
    if not version:
        raise OSError(f"`docker --host {host} version` does not answer")
    return version


def container_names(host: str) -> list[str]:
    """The names of the containers that run on the engine; none if it does not answer."""
    try:
        return sorted(container["Names"][0].removeprefix("/") for container in get(host, "/containers/json"))
    except OSError:
        return []
