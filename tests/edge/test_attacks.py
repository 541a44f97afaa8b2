"""What one address without a key can do to a stack that says nothing: not push callers with a key below 99.9 %, nor
the edge over its memory.
"""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

import pytest

from components.edge.haproxy.files import Certificate
from tests.support.edge import attacks
from tests.support.edge.attacks import AVAILABILITY, MEMORY_MIB, Caller
from tests.support.edge.running import Edges, Running

HEALTH = b"/health"


@pytest.fixture
def edge(edges: Edges, sample: int, certificate: Certificate, request: pytest.FixtureRequest) -> Running:
    """An edge of its own for each attack."""
    return edges.of(attacks.DEFAULT, sample, certificate=certificate, own=request.node.name)


def judge(name: str, edge: Running, caller: Caller) -> None:
    """Print what was measured, and compare it with the budget."""
    memory = attacks.peak_mib(edge)
    print(f"\n{name}: {caller.availability:.2%} of {len(caller.answers)} requests, {memory:.0f} MiB")
    assert caller.availability >= AVAILABILITY, caller.answers
    assert memory < MEMORY_MIB


def caller_beside(edge: Running, count: int, sent: bytes) -> Caller:
    """A caller with a key, after two seconds beside `count` HTTP/2 connections on each of which `sent` was sent."""
    with (
        Caller(edge.port) as caller,
        attacks.held(attacks.many(count, lambda: attacks.encrypted(edge.port, "h2"))) as connections,
    ):
        for connection in connections:
            send(connection, sent)
        time.sleep(2)
    return caller


@pytest.mark.parametrize("path", [HEALTH, attacks.PATH.encode()])
def test_streams_with_bodies_that_do_not_end(edge: Running, path: bytes) -> None:
    """99 connections with 100 HTTP/2 streams each."""
    sent = attacks.streams(100, path, b"POST", b"x" * 600)
    judge(f"9900 streams of {path.decode()}", edge, caller_beside(edge, 99, sent))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bodies_that_trickle(edge: Running, method: str) -> None:
    """More than a buffer, at a public path."""
    head = f"{method} /health HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n".encode()
    with Caller(edge.port) as caller:
        taken = attacks.many(256, lambda: attacks.encrypted(edge.port))
        with attacks.held(taken):
            for one in taken:
                send(one, head + b"x" * 17_000)
            for _ in range(20):
                for one in taken:
                    send(one, b"x")
                time.sleep(0.1)
    judge(f"256 {method} bodies that trickle", edge, caller)


def test_answers_that_nobody_reads(edge: Running) -> None:
    """HTTP/2 streams without a window hold their answers, and would hold the application's places."""
    sent = attacks.streams(30, HEALTH, b"GET", b"", window=0)
    judge("900 answers that nobody reads", edge, caller_beside(edge, 30, sent))


def test_connections_that_say_nothing(edge: Running) -> None:
    """2,000 of them: as many as the edge takes."""
    with Caller(edge.port) as caller, attacks.held(attacks.many(2000, lambda: attacks.plain(edge.port))):
        time.sleep(3)
    judge("2000 silent connections", edge, caller)


def test_connections_that_say_nothing_are_closed_soon(edge: Running) -> None:
    """The handshake has `timeouts.requestSeconds`."""
    with attacks.plain(edge.port) as silent:
        silent.settimeout(15)
        start = time.monotonic()
        assert silent.recv(1) == b""
        assert time.monotonic() - start < 12


def test_handshakes(edge: Running) -> None:
    """As fast as one client can make them."""

    def handshake() -> None:
        with contextlib.suppress(OSError):
            attacks.encrypted(edge.port).close()

    with Caller(edge.port) as caller:
        attacks.during(4, handshake)
    judge("handshakes", edge, caller)


def test_the_log_reaches_back_ten_minutes(edge: Running) -> None:
    """Paths of 14 KB at full speed, on connections that are kept, and on new ones."""
    request = b'GET /%22\\"' + b'\\"' * 7000 + b" HTTP/1.1\r\nHost: " + b"b" * 200 + b"\r\n\r\n"
    start, before = time.monotonic(), size(edge.log)

    def flood() -> None:
        try:
            with attacks.encrypted(edge.port) as connection:
                for _ in range(50):
                    connection.sendall(request)
                    connection.recv(65536)
        except OSError:
            pass

    with Caller(edge.port) as caller:
        times = attacks.during(5, flood)
    # The window is part of the figure: what an attacker gets of it is got once in it.
    seconds = max(time.monotonic() - start, 10)
    written = size(edge.log) - before
    kept = 50 * 2**20
    reach = kept / (written / seconds)
    print(f"\n{times} floods: {written / 2**20:.2f} MiB of log in {seconds:.0f} s; 50 MiB reach {reach:.0f} s")
    assert reach > attacks.LOG_REACH_SECONDS
    judge("long paths", edge, caller)


def size(log: Path) -> int:
    """Bytes of the log."""
    return log.stat().st_size


def send(connection: socket.socket, data: bytes) -> None:
    """Send what is taken."""
    try:
        connection.settimeout(0.2)
        connection.sendall(data)
    except OSError:
        pass
