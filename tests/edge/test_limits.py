"""How much a client may send and ask, and for how long; what is more is refused before it costs the application."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.edge import wire
from tests.support.edge.recorder import Recorder, reply
from tests.support.edge.running import Edges, Running
from tests.support.edge.tokens import API_KEYS, KEY, SECRET, USERS, bearer, hs256

PATH = "/api/v1/pipelines"
QUICK = {"requestSeconds": 1, "idleSeconds": 1, "connectSeconds": 1, "queueSeconds": 1, "responseSeconds": 2}


@pytest.fixture
def quick(edges: Edges, recorder: Recorder) -> Running:
    """An edge with little patience that takes bodies of up to 2 KiB."""
    return edges.of({"edge": {"maxBodyKib": 2, "timeouts": QUICK}}, recorder.port)


class TestBodies:
    """`edge.maxBodyKib`."""

    def test_the_largest_is_taken_whole(self, quick: Running, recorder: Recorder) -> None:
        assert quick.ask(PATH, "POST", data=b"x" * 2048).status_code == 200
        assert recorder.requests[0].body == b"x" * 2048

    @pytest.mark.parametrize("size", [2049, 10**6])
    def test_a_larger_one_is_refused(self, quick: Running, recorder: Recorder, size: int) -> None:
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode()
        [answer] = wire.exchange(quick.port, head, patience=3)
        assert answer.status in (408, 413)
        [answer] = wire.exchange(quick.port, head + b"x" * min(size, 10_000), patience=3)
        assert answer.status == 413 if size < 10_000 else answer.status in (408, 413)
        assert recorder.requests == []

    @pytest.mark.parametrize("size", [2**31, 2**32 + 1, 2**63, 2**64 - 1, 2**64, 2**64 + 1, 2**65])
    def test_a_size_beyond_all_measure_is_not_taken_for_a_small_one(
        self, quick: Running, recorder: Recorder, size: int
    ) -> None:
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode()
        answers = wire.exchange(quick.port, head + b"x" * 17_000, patience=3)
        assert answers[0].status in (400, 413)
        assert recorder.requests == []

    def test_one_whose_size_nobody_says_is_refused(self, quick: Running, recorder: Recorder) -> None:
        """It could be cut only in the middle."""
        answer = quick.ask(PATH, "POST", data=iter([b"x" * 10, b"y" * 10]))
        assert answer.status_code == 411
        assert recorder.requests == []

    def test_one_in_chunks_that_never_end_is_refused(self, quick: Running, recorder: Recorder) -> None:
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        [answer] = wire.exchange(quick.port, head + b"1000\r\n" + b"x" * 4096 + b"\r\n" * 1, patience=4)
        assert answer.status in (408, 411)
        assert recorder.requests == []

    def test_more_than_was_said_is_another_request(self, quick: Running, recorder: Recorder) -> None:
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n".encode()
        answers = wire.exchange(quick.port, head + b"{}" + b"x" * 5000, patience=3)
        assert answers[0].status == 200
        assert all(answer.status in (400, 408) for answer in answers[1:])
        assert [received.body for received in recorder.requests] == [b"{}"]

    @pytest.mark.parametrize(("path", "method"), [(PATH, "GET"), ("/health", "GET")])
    @pytest.mark.parametrize("size", [1, 20_000])
    def test_none_is_taken_where_none_belongs(
        self, edges: Edges, recorder: Recorder, path: str, method: str, size: int
    ) -> None:
        """Refused by its head alone: nothing is waited for. One without bytes is none."""
        running = edges.of({}, recorder.port)
        head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode()
        assert wire.exchange(running.port, head, patience=0.5)[0].status == 400
        assert recorder.requests == []
        assert running.ask(path, method, headers={"Content-Length": "0"}).status_code == 200

    def test_less_than_was_said_reaches_nobody(self, quick: Running, recorder: Recorder) -> None:
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n".encode()
        [answer] = wire.exchange(quick.port, head + b"{}", patience=4)
        assert answer.status == 408
        assert recorder.requests == []


class TestSlowClients:
    """`edge.timeouts.requestSeconds` and `.idleSeconds`."""

    @pytest.mark.parametrize("sent", [b"", b"GET ", b"GET /health HTTP/1.1\r\nHost: a\r\n"])
    def test_half_a_head_is_cut_off(self, quick: Running, recorder: Recorder, sent: bytes) -> None:
        with socket.create_connection(("127.0.0.1", quick.port), timeout=10) as connection:
            connection.sendall(sent)
            assert 0.5 < wire.seconds_until_closed(connection) < 6
        assert recorder.requests == []

    def test_a_head_that_comes_drop_by_drop_is_cut_off(self, quick: Running) -> None:
        """Each drop does not start the time anew."""
        with socket.create_connection(("127.0.0.1", quick.port), timeout=10) as connection:
            start = time.monotonic()
            try:
                for letter in "GET /health HTTP/1.1\r\nX-Slow: " + "x" * 80:
                    connection.sendall(letter.encode())
                    time.sleep(0.1)
            except OSError:
                pass
            assert time.monotonic() - start < 6

    def test_a_body_that_does_not_come_costs_the_application_nothing(self, quick: Running, recorder: Recorder) -> None:
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", quick.port), timeout=10) as connection:
            connection.sendall(head + b"12345")
            assert wire.answers(wire.received(connection))[0].status == 408
        assert recorder.requests == []

    def test_an_idle_connection_is_closed(self, edges: Edges, recorder: Recorder) -> None:
        patient = edges.of({"edge": {"timeouts": {"requestSeconds": 30, "idleSeconds": 1}}}, recorder.port)
        with socket.create_connection(("127.0.0.1", patient.port), timeout=10) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            assert 0.5 < wire.seconds_until_closed(connection) < 6


class TestHeads:
    """The size of a head."""

    def test_too_many_headers_are_refused(self, quick: Running, recorder: Recorder) -> None:
        many = "".join(f"X-{number}: y\r\n" for number in range(70))
        assert wire.ask(quick.port, "/health", more=many).status in (400, 431)
        assert recorder.requests == []

    def test_a_large_head_is_refused(self, quick: Running, recorder: Recorder) -> None:
        assert wire.ask(quick.port, "/health", more=f"X-Large: {'x' * 20_000}\r\n").status in (400, 414, 431)
        assert wire.ask(quick.port, f"/health?{'x' * 20_000}").status in (400, 414, 431)
        assert recorder.requests == []

    def test_a_usual_one_is_not(self, quick: Running) -> None:
        many = "".join(f"X-{number}: {'y' * 200}\r\n" for number in range(40))
        assert wire.ask(quick.port, "/health", more=many).status == 200


class TestTimeouts:
    """`edge.timeouts`: a slow application, and none."""

    def test_an_answer_that_takes_too_long_is_given_up(self, quick: Running, recorder: Recorder) -> None:
        """`responseSeconds`."""

        def slow(_: object) -> bytes:
            time.sleep(3)
            return reply()

        recorder.answer = slow
        start = time.monotonic()
        answer = quick.ask(PATH, "POST", json={})
        assert answer.status_code == 504
        assert 1.5 < time.monotonic() - start < 6
        assert answer.json()["error"] == "the application did not answer in time"

    def test_no_application_is_said(self, edges: Edges) -> None:
        """`connectSeconds`; what is behind is not told."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        alone = edges.of({"edge": {"timeouts": QUICK}}, port)
        answer = alone.ask("/health")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert answer.json() == {"error": "the application is not available"}
        assert "server" not in answer.headers


class TestRates:
    """`edge.rateLimit`."""

    def test_a_flood_of_one_address_is_refused(self, edges: Edges, recorder: Recorder) -> None:
        """`requestsPerClient`, with `windowSeconds`."""
        limits = {"requestsPerClient": 5, "windowSeconds": 3}
        limited = edges.of({"edge": {"rateLimit": limits}}, recorder.port, own="flood")
        answers = [limited.ask(PATH) for _ in range(8)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
        assert answers[-1].headers["Retry-After"] == "3"
        assert answers[-1].json()["error"] == "too many requests"
        assert len(recorder.requests) == 5
        time.sleep(6.2)
        assert limited.ask(PATH).status_code == 200, "when the window is over, the address is served again"

    def test_health_is_counted_too(self, edges: Edges, recorder: Recorder) -> None:
        limited = edges.of({"edge": {"rateLimit": {"requestsPerClient": 2, "windowSeconds": 60}}}, recorder.port)
        assert [limited.ask("/health").status_code for _ in range(3)] == [200, 200, 429]

    def test_guesses_of_one_address_are_refused(self, edges: Edges, recorder: Recorder) -> None:
        """`failuresPerClient`: then the right key is refused too, so nobody learns that it is right."""
        guard = {"required": True, "apiKeys": API_KEYS, "users": USERS}
        config = {
            "environment": {"jwtSecret": SECRET},
            "edge": {"authentication": guard, "rateLimit": {"failuresPerClient": 3, "windowSeconds": 60}},
        }
        limited = edges.of(config, recorder.port, own="guesses")
        assert limited.ask(PATH, headers=KEY).status_code == 200
        wrong: list[dict[str, str]] = [
            {},
            {"X-API-Key": "wrong"},
            {"Authorization": "Basic Ym9iOmJvYg=="},
            bearer(hs256(b"x" * 40)),
        ]
        assert [limited.ask(PATH, headers=headers).status_code for headers in wrong] == [401] * 4
        last = limited.ask(PATH, headers=KEY)
        assert (last.status_code, last.json()["error"]) == (429, "too many failures")
        assert last.headers["Retry-After"] == "60"
        assert len(recorder.requests) == 1

    def test_a_key_has_a_limit_of_its_own(self, edges: Edges, recorder: Recorder) -> None:
        """`requestsPerKey`: other callers of the same address are served."""
        config = {
            "environment": {"jwtSecret": SECRET},
            "edge": {
                "authentication": {"required": True, "apiKeys": API_KEYS},
                "rateLimit": {"requestsPerKey": 3, "windowSeconds": 60},
            },
        }
        limited = edges.of(config, recorder.port, own="key")
        assert [limited.ask(PATH, headers=KEY).status_code for _ in range(5)] == [200] * 3 + [429] * 2
        assert limited.ask(PATH, headers=KEY).headers["Retry-After"] == "60"
        assert limited.ask(PATH, headers=bearer(hs256())).status_code == 200

    def test_a_trusted_proxy_is_not_taken_for_its_clients(self, edges: Edges, recorder: Recorder) -> None:
        config = {
            "edge": {
                "trustedProxies": ["127.0.0.1/32"],
                "rateLimit": {"requestsPerClient": 2, "windowSeconds": 60},
            }
        }
        limited = edges.of(config, recorder.port, own="proxy")
        for client in ("198.51.100.1", "198.51.100.2", "2001:db8::1"):
            forwarded = {"X-Forwarded-For": client}
            assert [limited.ask(PATH, headers=forwarded).status_code for _ in range(3)] == [200, 200, 429], client

    def test_a_network_of_one_subscriber_is_one_client(self, edges: Edges, recorder: Recorder) -> None:
        """RFC 6177: whoever has IPv6 has 2^64 addresses at the least."""
        config: dict[str, Any] = {
            "edge": {"trustedProxies": ["127.0.0.1/32"], "rateLimit": {"requestsPerClient": 2, "windowSeconds": 60}}
        }
        limited = edges.of(config, recorder.port, own="network")
        asked = [limited.ask(PATH, headers={"X-Forwarded-For": f"2001:db8::{n}"}).status_code for n in range(4)]
        assert asked == [200, 200, 429, 429]
        assert limited.ask(PATH, headers={"X-Forwarded-For": "2001:db8:0:1::1"}).status_code == 200


class TestConnections:
    """`edge.maxConnections` and `edge.maxConnectionsPerReplica`."""

    def test_more_clients_than_that_wait_until_one_goes(self, edges: Edges, recorder: Recorder) -> None:
        few = edges.of({"edge": {"maxConnections": 10, "timeouts": {"idleSeconds": 60}}}, recorder.port, own="full")
        ask = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
        taken = [socket.create_connection(("127.0.0.1", few.port), timeout=5) for _ in range(10)]
        for one in taken:
            one.sendall(ask)
            assert one.recv(9) == b"HTTP/1.1 "
        with socket.create_connection(("127.0.0.1", few.port), timeout=0.5) as late:
            late.sendall(ask)
            with pytest.raises(TimeoutError):
                late.recv(9)
            taken[0].close()
            late.settimeout(5)
            assert late.recv(9) == b"HTTP/1.1 ", "it is served when a place is free"
        for one in taken[1:]:
            one.close()

    def test_the_application_never_has_more_requests_at_a_time(self, edges: Edges, recorder: Recorder) -> None:
        """The others wait in a queue, and are answered."""
        narrow = edges.of({"edge": {"maxConnectionsPerReplica": 2}}, recorder.port)
        lock, now, most = threading.Lock(), [0], [0]

        def counted(_: object) -> bytes:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.1)
            with lock:
                now[0] -= 1
            return reply()

        recorder.answer = counted
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: narrow.ask(PATH).status_code, range(8)))
        assert answers == [200] * 8
        assert most[0] == 2

    def test_whoever_waits_too_long_is_told(self, edges: Edges, recorder: Recorder) -> None:
        """`timeouts.queueSeconds`."""
        config = {"edge": {"maxConnectionsPerReplica": 1, "timeouts": {"queueSeconds": 1}}}
        narrow = edges.of(config, recorder.port)

        def slow(_: object) -> bytes:
            time.sleep(2.5)
            return reply()

        recorder.answer = slow
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(narrow.ask, PATH)
            time.sleep(0.3)
            second = pool.submit(narrow.ask, PATH)
            assert second.result().status_code == 503
            assert second.result().headers["Retry-After"] == "1"
            assert first.result().status_code == 200
