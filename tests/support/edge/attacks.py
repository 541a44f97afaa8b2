"""What the tests of attacks share: an edge with the limits of a stack that says nothing, and a caller with a key.

The attacker is 127.0.0.1 and has no key; the caller is 127.0.0.2. All of it stays on the loopback interface.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from components.settings.edge import EdgeSettings, RateLimit
from tests.support.edge import h2
from tests.support.edge.running import Running
from tests.support.edge.tokens import API_KEY, API_KEYS, SECRET

DEFAULT: dict[str, Any] = {
    "environment": {"jwtSecret": SECRET},
    "edge": {
        "authentication": {"required": True, "apiKeys": API_KEYS},
        "tls": {"mode": "given"},
        "rateLimit": RateLimit().model_dump(by_alias=True),
    },
}
"""A stack that knows callers, with the limits that every stack has."""

MEMORY_MIB = EdgeSettings().memory_mib
AVAILABILITY = 0.999
LOG_REACH_SECONDS = 600
LATE_SECONDS = 1.0
"""An answer after that is none."""

PATH = "/api/v1/pipelines"
CALL = f"GET {PATH} HTTP/1.1\r\nHost: a\r\nX-API-Key: {API_KEY}\r\nConnection: close\r\n\r\n".encode()


def tls(*protocols: str) -> ssl.SSLContext:
    """A client's context that believes every certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


@dataclass
class Caller:
    """Asks 50 times a second, each time on a new connection, until the block ends.

    Attributes:
        port: the edge's, with TLS.
        answers: status of each answer, 0 where there was none in time.
    """

    port: int
    answers: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._done, self._context = threading.Event(), tls()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(10)

    @property
    def availability(self) -> float:
        """Share of requests that were answered with 200 in time."""
        assert len(self.answers) > 20, "too few requests to tell"
        return self.answers.count(200) / len(self.answers)

    def _run(self) -> None:
        while not self._done.wait(0.02):
            self.answers.append(self._ask())

    def _ask(self) -> int:
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port), LATE_SECONDS, ("127.0.0.2", 0)) as plain,
                self._context.wrap_socket(plain) as connection,
            ):
                connection.sendall(CALL)
                answer = connection.recv(4096)
            return int(answer[9:12] or 0)
        except (OSError, ValueError):
            return 0


def peak_mib(running: Running) -> float:
    """The most memory that the edge has had (proc(5), VmHWM)."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found, "the edge was killed"
    return int(found[1]) / 1024


def many(count: int, connect: Callable[[], socket.socket]) -> list[socket.socket]:
    """As many connections as the edge lets in, of `count`."""
    taken = []
    for _ in range(count):
        try:
            taken.append(connect())
        except OSError:
            continue
    return taken


@contextmanager
def held(sockets: list[socket.socket]) -> Iterator[list[socket.socket]]:
    """Closes them at the end."""
    with ExitStack() as stack:
        for one in sockets:
            stack.callback(one.close)
        yield sockets


def plain(port: int) -> socket.socket:
    """A connection of the attacker, without TLS."""
    return socket.create_connection(("127.0.0.1", port), 5)


def encrypted(port: int, *protocols: str) -> ssl.SSLSocket:
    """A connection of the attacker, with TLS."""
    return tls(*protocols).wrap_socket(plain(port))


def streams(count: int, path: bytes, method: bytes, body: bytes, *, window: int = 65_535) -> bytes:
    """What an HTTP/2 client sends to begin `count` requests; with a body, none of them is ever complete.

    Args:
        count: how many.
        path: what is asked.
        method: how.
        body: a part of each body; without one the requests are complete.
        window: how much of an answer the client takes.
    """
    sent = h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0, (4).to_bytes(2, "big") + window.to_bytes(4, "big"))
    for number in range(count):
        stream = 2 * number + 1
        flags = h2.END_HEADERS if body else h2.END_HEADERS | h2.END_STREAM
        sent += h2.frame(h2.HEADERS, flags, stream, h2.packed(h2.request(path, method)))
        if body:
            sent += h2.frame(h2.DATA, 0, stream, body)
    return sent


def during(seconds: float, attack: Callable[[], object]) -> int:
    """Repeat `attack` for so long; how often it was done."""
    deadline, times = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        attack()
        times += 1
    return times
