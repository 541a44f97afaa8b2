"""What a service is asked to see in milliseconds that it still runs, without libraries that take time to load."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from toolchain.services import buildx

ANSWER_SECONDS = 3.0
LONGEST_HEAD = 16384
"""Bytes of an answer's status line and headers."""

MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json"
)
CONTENT_DIGEST = "docker-content-digest:"


@dataclass(frozen=True)
class Question:
    """One request to a service.

    Attributes:
        address: unix://PATH or tcp://HOST:PORT.
        path: of an HTTP request (`HEAD`), or a name from below.
        expected: text that the head of the answer has in it, in lower case; nothing else is asked of it.
    """

    address: str
    path: str
    expected: str = ""

    def is_answered(self) -> bool:
        """Whether the service answers as expected."""
        if self.path == BUILDKIT:
            return buildx.answers(self.address)
        try:
            with _connected(self.address) as connection:
                return self.path == CONNECT or self.expected in _head(connection, self.path)
        except OSError:
            return False


CONNECT = "connect"
"""Only that somebody listens."""

BUILDKIT = "buildkit"
"""Whether a BuildKit daemon answers."""


def manifest(registry: str, reference: str) -> Question | None:
    """Whether the registry still has the image that it has now; None where it has none.

    Args:
        registry: host and port; it speaks plain HTTP.
        reference: repository and tag.
    """
    repository, _, tag = reference.rpartition(":")
    address, path = f"tcp://{registry}", f"/v2/{repository}/manifests/{tag}"
    try:
        with _connected(address) as connection:
            lines = _head(connection, path).splitlines()
    except OSError:
        return None
    return next((Question(address, path, line) for line in lines if line.startswith(CONTENT_DIGEST)), None)


def _connected(address: str) -> socket.socket:
    parts = urlsplit(address)
    if parts.scheme == "tcp":
        return socket.create_connection((parts.hostname or "", parts.port or 0), ANSWER_SECONDS)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_SECONDS)
    try:
        connection.connect(parts.path)
    except OSError:
        connection.close()
        raise
    return connection


def _head(connection: socket.socket, path: str) -> str:
    """The status line and the headers that are answered, in lower case."""
    request = f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {MANIFESTS}\r\nConnection: close\r\n\r\n"
    connection.sendall(request.encode())
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) < LONGEST_HEAD and (part := connection.recv(4096)):
        answer += part
    return answer.decode("latin-1").lower()
