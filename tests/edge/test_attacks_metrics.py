"""What a bad application, or a reader of metrics, can do to the edge through the port for metrics."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from tests.support.edge import attacks
from tests.support.edge.recorder import Recorder
from tests.support.edge.running import Edges, Running

FIGURES = "/metrics/application"
DOWN = 'mimir_up{replica="127.0.0.1"} 0'


class Hostile:
    """Answers every request with a head, and then with `part` again and again, with a pause in between."""

    def __init__(self, part: bytes, pause: float, head: bytes) -> None:
        self._answer, self._pause, self._done = (head, part), pause, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self) -> None:
        """Stop."""
        self._done.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._done.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        head, part = self._answer
        with connection:
            try:
                connection.recv(4096)
                connection.sendall(head)
                while not self._done.wait(self._pause):
                    connection.sendall(part)
            except OSError:
                return


LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture(
    params=[
        (b"x" * 2**20, 0.0, LONG),
        (b"x" * 2**20, 0.0, ENDLESS),
        (b"x" * 2**20, 0.0, b"HTTP/1.1 200 OK\r\nX: "),
        (b"x", 0.2, LONG),
        (b"x", 0.2, b""),
    ],
    ids=["endless with a length", "endless", "endless head", "dripping", "dripping head"],
)
def hostile(request: pytest.FixtureRequest) -> Iterator[Hostile]:
    """An application whose answer never ends."""
    found = Hostile(*request.param)
    yield found
    found.end()


def test_an_answer_without_an_end_costs_little(edges: Edges, hostile: Hostile) -> None:
    edge = edges.of({}, hostile.port)
    before, start = attacks.peak_mib(edge), time.monotonic()
    answer = requests.get(f"http://127.0.0.1:{edge.metrics_port}{FIGURES}", timeout=10).text
    assert DOWN in answer
    assert time.monotonic() - start < 5
    grown = attacks.peak_mib(edge) - before
    print(f"\n{grown:.1f} MiB more")
    assert grown < 16


def test_whoever_holds_the_port_for_metrics_is_not_in_the_way_of_probes(edges: Edges, recorder: Recorder) -> None:
    """Nor of another reader."""
    edge = edges.of({}, recorder.port, own="held")
    with attacks.held(attacks.many(100, lambda: attacks.plain(edge.metrics_port))):
        for path in ("/ready", "/started", "/configuration"):
            assert requests.get(f"http://127.0.0.1:{edge.probes_port}{path}", timeout=1).ok
        url, here = ("127.0.0.1", edge.metrics_port), ("127.0.0.2", 0)
        with socket.create_connection(url, 2, here) as other:
            other.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            assert other.recv(12) == b"HTTP/1.1 200"


def test_probes_are_on_a_port_of_their_own(guarded: Running) -> None:
    url = f"http://127.0.0.1:{guarded.probes_port}"
    assert requests.get(f"{url}/configuration", timeout=5).text == guarded.digest
    assert requests.get(f"{url}/api/v1/config", timeout=5).status_code == 404
