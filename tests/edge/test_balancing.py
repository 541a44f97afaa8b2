"""Several processes of the application behind one edge: who gets what, and what happens when one fails."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from tests.support.edge.recorder import Received, Recorder, named, reply
from tests.support.edge.running import Edges, Running

PATH = "/api/v1/pipelines"
BODIES = {"GET": None, "PUT": b"{}", "DELETE": None, "POST": b"{}"}


@pytest.fixture(scope="session")
def _second() -> Iterator[Recorder]:
    with Recorder() as found:
        yield found


@pytest.fixture
def second(_second: Recorder) -> Recorder:
    """Another process of the application."""
    _second.reset()
    _second.answer = named("second")
    return _second


@pytest.fixture
def two(edges: Edges, recorder: Recorder, second: Recorder) -> Running:
    """An edge in front of two processes."""
    recorder.answer = named("first")
    running = edges.of({}, recorder.port, second.port)
    _both_up(running)
    return running


def _both_up(running: Running, count: int = 2) -> None:
    deadline = time.monotonic() + 10
    up = r'(?m)^haproxy_server_status\{proxy="application",server="[^"]+",state="UP"\} 1$'
    while len(re.findall(up, running.figures())) < count:
        assert time.monotonic() < deadline, "the edge does not find every process"
        time.sleep(0.05)


class TestAffinity:
    """`edge.affinity`: a client stays with one process."""

    def test_a_client_stays_with_one(self, two: Running) -> None:
        for _ in range(3):
            with requests.Session() as session:
                url = f"http://127.0.0.1:{two.port}{PATH}"
                assert len({session.get(url, timeout=5).json()["name"] for _ in range(8)}) == 1

    def test_clients_are_spread(self, two: Running) -> None:
        assert {two.ask(PATH).json()["name"] for _ in range(20)} == {"first", "second"}

    def test_the_cookie_is_for_nobody_else(self, two: Running, recorder: Recorder, second: Recorder) -> None:
        cookie = two.ask(PATH).headers["Set-Cookie"]
        assert re.fullmatch(r"MIMIR_REPLICA=[0-9a-f]+; path=/; HttpOnly; SameSite=Lax", cookie), cookie
        recorder.answer = second.answer = lambda _: reply(headers="Cache-Control: max-age=60\r\n")
        assert "private" in two.ask(PATH).headers["Cache-Control"], "a cache must not hand it to others"

    def test_the_application_never_sees_it(self, two: Running, recorder: Recorder, second: Recorder) -> None:
        cookie = two.ask(PATH).headers["Set-Cookie"].partition(";")[0]
        two.ask(PATH, headers={"Cookie": f"{cookie}; own=1"})
        assert "MIMIR_REPLICA" not in str([one.headers for one in (*recorder.requests, *second.requests)])

    @pytest.mark.parametrize("value", ["0", "127.0.0.1:1", "' or 1=1", "x" * 500])
    def test_a_forged_one_leads_nowhere(self, two: Running, value: str) -> None:
        answer = two.ask(PATH, headers={"Cookie": f"MIMIR_REPLICA={value}"})
        assert answer.status_code == 200
        assert answer.headers["Set-Cookie"].startswith("MIMIR_REPLICA=")

    def test_a_client_of_one_that_failed_gets_the_other(
        self, two: Running, recorder: Recorder, second: Recorder
    ) -> None:
        """Its cookie is renewed."""
        with requests.Session() as session:
            url = f"http://127.0.0.1:{two.port}{PATH}"
            mine = session.get(url, timeout=5).json()["name"]
            gone, other = (recorder, "second") if mine == "first" else (second, "first")
            gone.healthy = False
            deadline = time.monotonic() + 15
            while session.get(url, timeout=5).json()["name"] == mine:
                assert time.monotonic() < deadline, "the failed one still gets requests"
                time.sleep(0.1)
            assert session.get(url, timeout=5).json()["name"] == other
        gone.healthy = True
        _both_up(two)

    def test_without_it_there_is_no_cookie(self, edges: Edges, recorder: Recorder, second: Recorder) -> None:
        recorder.answer = named("first")
        free = edges.of({"edge": {"affinity": False}}, recorder.port, second.port)
        _both_up(free)
        with requests.Session() as session:
            answers = [session.get(f"http://127.0.0.1:{free.port}{PATH}", timeout=5) for _ in range(8)]
        assert {answer.json()["name"] for answer in answers} == {"first", "second"}
        assert not [answer for answer in answers if "Set-Cookie" in answer.headers]


class TestRetries:
    """`edge.retries`: a request is sent again only if nothing can have happened, or if that does no harm."""

    @staticmethod
    def lost(times: int) -> object:
        """Closes the connection without an answer, so many times."""
        left = [times]

        def answer(_: Received) -> bytes | None:
            left[0] -= 1
            return None if left[0] >= 0 else reply()

        return answer

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_an_idempotent_one_is_sent_again(self, edges: Edges, recorder: Recorder, method: str) -> None:
        running = edges.of({}, recorder.port)
        recorder.answer = self.lost(1)  # type: ignore[assignment]
        assert running.ask(f"{PATH}/1", method, data=BODIES[method]).status_code == 200
        assert len(recorder.requests) == 2
        assert recorder.requests[0].head == recorder.requests[1].head

    def test_any_other_one_is_not(self, edges: Edges, recorder: Recorder) -> None:
        """It may have been done; only the client knows whether it may be done twice."""
        running = edges.of({}, recorder.port)
        recorder.answer = self.lost(1)  # type: ignore[assignment]
        answer = running.ask(PATH, "POST", json={})
        assert answer.status_code == 502
        assert answer.json()["error"] == "no valid answer from the application"
        assert len(recorder.requests) == 1

    @pytest.mark.parametrize(("retries", "sent"), [(0, 1), (1, 2), (3, 2), (10, 2)])
    def test_never_more_than_once(self, edges: Edges, recorder: Recorder, retries: int, sent: int) -> None:
        """A request that kills the process that it reaches must not be carried to every one."""
        running = edges.of({"edge": {"retries": retries}}, recorder.port)
        recorder.answer = self.lost(99)  # type: ignore[assignment]
        assert running.ask(PATH).status_code == 502
        assert len(recorder.requests) == sent

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_one_that_kills_does_not_kill_every_process(self, edges: Edges, method: str) -> None:
        with ExitStack() as stack:
            processes = [stack.enter_context(Recorder()) for _ in range(4)]

            def kill(process: Recorder) -> None:
                process.end()

            for process in processes:
                process.answer = lambda _, one=process: kill(one)  # type: ignore[misc]
            running = edges.of({}, *(process.port for process in processes), own=f"kill {method}")
            _both_up(running, 4)
            assert running.ask(PATH, method, data=BODIES[method]).status_code in (502, 503)
            killed = [process for process in processes if process.requests]
        assert len(killed) == (1 if method == "POST" else 2)

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_where_no_connection_is_made_another_process_is_tried(
        self, edges: Edges, recorder: Recorder, method: str
    ) -> None:
        """Nothing can have happened yet, so this holds for every method; before any probe has noticed."""
        last = "Connection: close\r\n"  # no connection is kept that could still be used
        recorder.answer = lambda _: reply(body=b'{"name":"first"}', headers=last)
        with Recorder() as gone:
            gone.answer = lambda _: reply(body=b'{"name":"gone"}', headers=last)
            running = edges.of({"probe": {"intervalSeconds": 60}}, recorder.port, gone.port, own=method)
            _both_up(running)
            cookies = ""
            while not cookies:
                answer = running.ask(PATH)
                cookies = answer.headers["Set-Cookie"].partition(";")[0] if answer.json()["name"] == "gone" else ""
            gone.end()
            answer = running.ask(PATH, method, data=BODIES[method], headers={"Cookie": cookies})
        assert (answer.status_code, answer.json()) == (200, {"name": "first"})

    def test_an_error_of_the_application_is_an_answer(self, edges: Edges, recorder: Recorder) -> None:
        running = edges.of({}, recorder.port)
        recorder.answer = lambda _: reply(500, b'{"error":"its own"}')
        answer = running.ask(PATH)
        assert (answer.status_code, answer.json()) == (500, {"error": "its own"})
        assert len(recorder.requests) == 1


class TestCircuitBreaker:
    """`edge.errorLimit`."""

    def test_one_that_refuses_connections_gets_nothing_until_a_probe_passes(
        self, edges: Edges, recorder: Recorder
    ) -> None:
        """Long before the next probe would have noticed."""
        with Recorder() as gone:
            config = {"probe": {"intervalSeconds": 60}, "edge": {"errorLimit": 2, "affinity": False}}
            fragile = edges.of(config, recorder.port, gone.port, own="breaker")
            _both_up(fragile)
            gone.answer = recorder.answer = lambda _: reply(headers="Connection: close\r\n")
            gone.end()
            deadline = time.monotonic() + 10
            down = r'(?m)^haproxy_server_status\{proxy="application",server="replica2",state="DOWN"\} 1$'
            while not re.search(down, fragile.figures()):
                assert fragile.ask(PATH).status_code == 200
                assert time.monotonic() < deadline, "it still gets requests"

    @pytest.mark.parametrize("status", [500, 503, 404])
    def test_what_one_caller_provokes_is_no_reason(self, edges: Edges, recorder: Recorder, status: int) -> None:
        """Nor for the last process at all: whatever it answers, there is no better one."""
        fragile = edges.of({"edge": {"errorLimit": 3}}, recorder.port, own="not broken")
        recorder.answer = lambda _: reply(status)
        assert [fragile.ask(PATH).status_code for _ in range(20)] == [status] * 20
        recorder.answer = lambda _: reply()
        assert fragile.ask(PATH).status_code == 200

    def test_lost_answers_are_no_reason(self, edges: Edges, recorder: Recorder) -> None:
        fragile = edges.of({"edge": {"errorLimit": 3}}, recorder.port, own="not broken")
        recorder.answer = lambda _: None
        assert {fragile.ask(PATH, "POST", json={}).status_code for _ in range(20)} == {502}
        recorder.answer = lambda _: reply()
        assert fragile.ask(PATH).status_code == 200
