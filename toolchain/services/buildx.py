"""Reads and writes buildx's records of builders: one JSON file for each, and one that says which is current."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CONNECT_SECONDS = 3.0


@dataclass(frozen=True)
class Builder:
    """A builder that buildx knows."""

    name: str
    driver: str
    endpoint: str
    options: Mapping[str, str]


def config_folder(environment: Mapping[str, str]) -> Path:
    """Where the user's buildx keeps its records."""
    if environment.get("BUILDX_CONFIG"):
        return Path(environment["BUILDX_CONFIG"])
    docker = environment.get("DOCKER_CONFIG") or str(Path.home() / ".docker")
    return Path(docker) / "buildx"


def builders(folder: Path) -> Iterator[Builder]:
    """The builders recorded in a folder; unreadable records are passed over, as buildx does."""
    for file in sorted((folder / "instances").glob("*")):
        try:
            record: dict[str, Any] = json.loads(file.read_text())
            node = record["Nodes"][0]
            yield Builder(record["Name"], record["Driver"], node["Endpoint"], node.get("DriverOpts") or {})
        except (OSError, ValueError, KeyError, IndexError, TypeError):
            continue


def write(folder: Path, builder: Builder) -> None:
    """Record a builder and make it the current one.

    Args:
        folder: buildx's configuration folder (`config_folder`).
        builder: what to record; a record with the same name is replaced.
    """
    (folder / "instances").mkdir(parents=True, exist_ok=True)
    node = {
        "Name": f"{builder.name}0",
        "Endpoint": builder.endpoint,
        "Platforms": None,
        "DriverOpts": dict(builder.options) or None,
        "Flags": None,
        "Files": None,
    }
    record = {"Name": builder.name, "Driver": builder.driver, "Nodes": [node], "Dynamic": False}
    (folder / "instances" / builder.name).write_text(json.dumps(record))
    (folder / "current").write_text(json.dumps({"Key": "", "Name": builder.name, "Global": True}))


def usable(builder: Builder) -> bool:
    """Whether a builder can build for several platforms and push to a registry on this machine's loopback.

    A builder in a container can reach that registry only through the host's network.
    """
    if builder.driver == "docker-container":
        return builder.options.get("network") == "host"
    if builder.driver == "remote":
        return answers(builder.endpoint)
    return builder.driver == "kubernetes"


def answers(endpoint: str) -> bool:
    """Whether a BuildKit daemon answers at unix://PATH or tcp://HOST:PORT: the HTTP/2 greeting is returned."""
    address = urlsplit(endpoint)
    greeting = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"
    try:
        with _connect(address.scheme, address.path, address.hostname, address.port) as connection:
            connection.sendall(greeting)
            # A frame's header: three bytes of length, then its type; 4 is SETTINGS.
            return connection.recv(9)[3:4] == b"\x04"
    except OSError:
        return False


def _connect(scheme: str, path: str, host: str | None, port: int | None) -> socket.socket:
    if scheme != "unix":
        return socket.create_connection((host or "", port or 0), CONNECT_SECONDS)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(CONNECT_SECONDS)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection
