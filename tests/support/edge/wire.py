"""Bytes to an edge, as no well-behaved client sends them, and the answers to them."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes:
        status: HTTP status.
        head: status line and headers, as they came.
        body: the rest of it.
    """

    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header."""
        found = re.search(rf"(?im)^{re.escape(name)}:\s*(.*?)\r?$", self.head)
        return found[1] if found else None


def exchange(port: int, sent: bytes, *, patience: float = 1.0) -> list[Answer]:
    """Every answer to these bytes, until the edge closes or says nothing more for a while."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        connection.sendall(sent)
        return answers(received(connection))


def ask(port: int, target: str, *, method: str = "GET", host: str = "localhost", more: str = "") -> Answer:
    """The answer to one request whose target is sent as it is."""
    head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n"
    found = exchange(port, head.encode("latin-1"), patience=5)
    assert len(found) == 1, f"{len(found)} answers to one request for {target!r}"
    return found[0]


def received(connection: socket.socket) -> bytes:
    """What comes until the other side closes, or for its timeout nothing."""
    data = b""
    while True:
        try:
            part = connection.recv(65536)
        except (TimeoutError, ConnectionResetError):
            return data
        if not part:
            return data
        data += part


def answers(data: bytes) -> list[Answer]:
    """The answers in a stream of bytes."""
    found = []
    while data.startswith(b"HTTP/"):
        head, _, data = data.partition(b"\r\n\r\n")
        text = head.decode("latin-1")
        length = re.search(r"(?im)^content-length:\s*(\d+)", text)
        chunked = re.search(r"(?im)^transfer-encoding:\s*chunked", text)
        if chunked:
            body, _, data = data.partition(b"0\r\n\r\n")
        else:
            size = int(length[1]) if length else 0
            body, data = data[:size], data[size:]
        found.append(Answer(int(text.split(" ")[1]), text, body))
    return found


def seconds_until_closed(connection: socket.socket) -> float:
    """How long it takes until the other side ends a connection on which nothing more is sent."""
    start = time.monotonic()
    received(connection)
    return time.monotonic() - start
