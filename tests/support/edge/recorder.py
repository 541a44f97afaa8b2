"""A backend that records each request as it came over the wire, and answers as a test wants."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

CHECKED = b"/health"


@dataclass(frozen=True)
class Received:
    """One request.

    Attributes:
        head: request line and header lines, as they came.
        body: the body, without the framing of chunks.
    """

    head: bytes
    body: bytes

    @property
    def method(self) -> str:
        return self.head.split(b" ")[0].decode()

    @property
    def target(self) -> str:
        """The request's target as the edge wrote it."""
        return self.head.split(b" ")[1].decode("latin-1")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names in lower case, and values."""
        lines = [line.decode("latin-1").partition(":") for line in self.head.split(b"\r\n")[1:]]
        return [(name.lower(), value.strip()) for name, _, value in lines]

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for found, value in self.headers if found == name]


Answer = Callable[[Received], bytes | None]
"""What is sent for a request; None closes the connection without a word."""


def reply(status: int = 200, body: bytes = b"{}", headers: str = "") -> bytes:
    """An answer that keeps the connection."""
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def named(name: str) -> Answer:
    """Answers with a name."""
    return lambda _: reply(body=json.dumps({"name": name}).encode())


class Recorder:
    """Listens on the loopback interface.

    Args:
        address: the address on which it listens.
        port: the port; 0 for a free one.

    Attributes:
        requests: all that came, health checks left out.
        answer: what is answered.
        healthy: whether health checks pass.
    """

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self.requests: list[Received] = []
        self.answer: Answer = lambda _: reply()
        self.healthy = True
        self._listener = socket.create_server((address, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Refuse new connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # or the thread that waits would take one more
        self._listener.close()

    def reset(self) -> None:
        """Forget everything, and be well."""
        self.requests, self.answer, self.healthy = [], lambda _: reply(), True

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while True:
                try:
                    received = _read(stream)
                    if received is None:
                        return
                    answer = self._answer_to(received)
                    if answer is None:
                        return
                    connection.sendall(answer)
                except (OSError, ValueError):
                    return

    def _answer_to(self, received: Received) -> bytes | None:
        if received.head.startswith(b"GET " + CHECKED + b" ") and b"mimir-edge" in received.head:
            return reply(200 if self.healthy else 503)
        self.requests.append(received)
        return self.answer(received)


def _read(stream: object) -> Received | None:
    """The next request of a connection, framed as RFC 9112 says."""
    readline, read = stream.readline, stream.read  # type: ignore[attr-defined]
    lines: list[bytes] = []
    while True:
        line: bytes = readline()
        if not line:
            return None
        if line in (b"\r\n", b"\n"):
            break
        lines.append(line.rstrip(b"\r\n"))
    head = b"\r\n".join(lines)
    if re.search(rb"(?im)^transfer-encoding:", head):
        body = b""
        while size := int(readline().split(b";")[0], 16):
            body += read(size)
            readline()
        while readline() not in (b"\r\n", b"\n", b""):
            pass
        return Received(head, body)
    length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    return Received(head, read(int(length[1])) if length else b"")
