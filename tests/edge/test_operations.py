"""What is to be seen from outside: hosts, request ids, the log, the figures, the digest."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.support.edge import wire
from tests.support.edge.recorder import Recorder
from tests.support.edge.running import Edges, Running
from tests.support.edge.tokens import API_KEY, API_KEYS, KEY, PASSWORD, SECRET, USERS, bearer, hs256

PATH = "/api/v1/pipelines"
OUR_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class TestHosts:
    """`edge.hosts`."""

    @pytest.fixture
    def named(self, edges: Edges, recorder: Recorder) -> Running:
        return edges.of({"edge": {"hosts": ["mimir.example.com", "localhost"]}}, recorder.port)

    @pytest.mark.parametrize("host", ["mimir.example.com", "MIMIR.example.COM", "mimir.example.com:8080", "localhost"])
    def test_its_own_are_served(self, named: Running, host: str) -> None:
        assert wire.ask(named.port, "/health", host=host).status == 200

    @pytest.mark.parametrize(
        "host", ["example.com", "mimir.example.com.evil.example", "127.0.0.1", "", "mimir.example.com.", "x, localhost"]
    )
    def test_any_other_is_misdirected(self, named: Running, recorder: Recorder, host: str) -> None:
        assert wire.ask(named.port, "/health", host=host).status in (400, 421)
        assert recorder.requests == []

    def test_every_one_is_served_where_none_is_named(self, edges: Edges, recorder: Recorder) -> None:
        assert wire.ask(edges.of({}, recorder.port).port, "/health", host="any.example").status == 200


class TestRequestId:
    """One name for a request, from the client to the application and the log."""

    def test_one_is_made(self, guarded: Running, recorder: Recorder) -> None:
        answer = guarded.ask("/health")
        assert re.fullmatch(OUR_ID, answer.headers["X-Request-ID"])
        assert recorder.requests[0].all("x-request-id") == [answer.headers["X-Request-ID"]]
        assert guarded.ask("/health").headers["X-Request-ID"] != answer.headers["X-Request-ID"]

    def test_a_clients_own_is_kept(self, guarded: Running, recorder: Recorder) -> None:
        answer = guarded.ask("/health", headers={"X-Request-ID": "a-clients-own.1"})
        assert answer.headers["X-Request-ID"] == "a-clients-own.1"
        assert recorder.requests[0].all("x-request-id") == ["a-clients-own.1"]
        assert guarded.logged("a-clients-own.1")["path"] == "/health"

    @pytest.mark.parametrize(
        "own",
        ["short", "x" * 65, 'a"quote-quote', "a b c d e f", 'a-good-one, b"ad', "a-good-one, another", "", "ä" * 9],
    )
    def test_one_that_could_mean_something_else_is_not(self, guarded: Running, recorder: Recorder, own: str) -> None:
        answer = wire.ask(guarded.port, "/health", more=f"X-Request-ID: {own}\r\n")
        assert re.fullmatch(OUR_ID, answer.header("X-Request-ID") or "")
        assert recorder.requests[0].all("x-request-id") == [answer.header("X-Request-ID")]

    @pytest.mark.parametrize("path", [PATH, "/nowhere", "/api/v1/config"])
    def test_a_refusal_names_it(self, guarded: Running, path: str) -> None:
        answer = guarded.ask(path)
        assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
        assert answer.headers["Content-Type"] == "application/json"


class TestLog:
    """One JSON object for each request."""

    def test_it_says_who_asked_what_and_how_it_ended(self, guarded: Running) -> None:
        found = guarded.logged(guarded.ask(PATH, "POST", headers=KEY, json={}).headers["X-Request-ID"])
        expected = {
            "client": "127.0.0.1",
            "user": "ci",
            "auth": "key",
            "method": "POST",
            "path": PATH,
            "status": 200,
            "tls": "-",
        }
        assert {name: found[name] for name in expected} == expected
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["time"])
        assert all(
            isinstance(found[name], int) for name in ("bytes", "queue_ms", "connect_ms", "response_ms", "total_ms")
        )

    def test_a_refusal_is_in_it(self, guarded: Running) -> None:
        assert guarded.logged(guarded.ask(PATH).headers["X-Request-ID"])["status"] == 401

    def test_a_long_path_does_not_break_a_line(self, guarded: Running) -> None:
        answer = wire.ask(guarded.port, "/" + "x" * 9000)
        found = guarded.logged(str(answer.header("X-Request-ID")))
        assert found["status"] == 404
        assert found["path"].startswith("/xxx")

    @pytest.mark.parametrize(
        "path", ['/"', "/\\", "/\\u0000", "/%22,%22user%22:%22root", '/","user":"root', "/\xe4\xff", "/{}", "/'%[src]"]
    )
    def test_no_path_breaks_a_line(self, guarded: Running, path: str) -> None:
        answer = wire.ask(guarded.port, path)
        if answer.header("X-Request-ID"):
            found = guarded.logged(str(answer.header("X-Request-ID")))
            assert found["user"] in ("", "-")

    def test_no_host_or_method_breaks_a_line(self, guarded: Running) -> None:
        for host, method in (('a","x":"', "GET"), ("a", 'GET"'), ("\\", "\\"), ("a\t", "GET")):
            head = f"{method} /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            wire.exchange(guarded.port, head.encode())
        time.sleep(0.2)
        lines = guarded.log.read_text().splitlines()
        assert all(isinstance(json.loads(line), dict) for line in lines if line.startswith("{"))

    def test_what_is_no_request_is_a_line_too(self, guarded: Running) -> None:
        before = len(guarded.log.read_text().splitlines())
        wire.exchange(guarded.port, b"\x16\x03\x01\x02\x00 no HTTP\r\n\r\n")
        time.sleep(0.2)
        lines = guarded.log.read_text().splitlines()[before:]
        assert [json.loads(line)["status"] for line in lines] == [400]

    def test_no_secret_and_no_query_is_in_it(self, edges: Edges, recorder: Recorder) -> None:
        guard = {"required": True, "apiKeys": API_KEYS, "users": USERS}
        every = edges.of({"environment": {"jwtSecret": SECRET}, "edge": {"authentication": guard}}, recorder.port)
        token = hs256()
        query = f"?token={token}&key={API_KEY}&q=private-words"
        every.ask(f"{PATH}{query}", headers=KEY)
        every.ask(f"{PATH}{query}", headers=bearer(token))
        every.ask(f"{PATH}{query}", auth=("bob", PASSWORD.encode()))
        last = every.ask(f"/nowhere{query}", headers={"Cookie": "session=private-words", "X-API-Key": "private-words"})
        every.logged(last.headers["X-Request-ID"])
        text = every.log.read_text()
        secrets = [API_KEY, token, token.split(".")[2], SECRET, "private-words", *API_KEYS.values(), *USERS.values()]
        assert not [secret for secret in secrets if secret in text]
        assert "?" not in text


class TestFigures:
    """The port for metrics: HAProxy's own, and the application's."""

    def test_haproxys_own(self, guarded: Running) -> None:
        guarded.ask("/health")
        text = guarded.figures()
        for name in (
            'haproxy_frontend_http_requests_total{proxy="edge"}',
            'haproxy_server_status{proxy="application"',
            "haproxy_backend_http_responses_total",
            "haproxy_backend_current_queue",
            "haproxy_backend_response_time_average_seconds",
        ):
            assert name in text

    def test_the_applications_in_prometheus_words(self, default: Running) -> None:
        """The application has them as JSON, with nanoseconds."""
        default.ask("/health")
        text = default.figures("/metrics/application")
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        replica = '{replica="127.0.0.1"}'
        assert values[f"mimir_up{replica}"] == "1"
        assert float(values[f"mimir_requests_total{replica}"]) > 0
        assert 0 < float(values[f"mimir_request_duration_p99_seconds{replica}"]) < 1
        assert {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")} == {
            "mimir_up",
            "mimir_requests_total",
            "mimir_requests_per_second",
            "mimir_request_errors_ratio",
            "mimir_request_duration_average_seconds",
            "mimir_request_duration_p95_seconds",
            "mimir_request_duration_p99_seconds",
        }

    def test_an_application_that_gives_none_is_said(self, guarded: Running, recorder: Recorder) -> None:
        recorder.answer = lambda _: None
        assert 'mimir_up{replica="127.0.0.1"} 0' in guarded.figures("/metrics/application")

    def test_the_digest_tells_which_files_are_in_effect(self, guarded: Running, default: Running) -> None:
        assert guarded.figures("/configuration") == guarded.digest
        assert default.figures("/configuration") == default.digest != guarded.digest

    @pytest.mark.parametrize(("cpus", "threads"), [(1, 1), (1.5, 2)])
    def test_it_has_as_many_threads_as_cpus(self, edges: Edges, recorder: Recorder, cpus: float, threads: int) -> None:
        """`edge.cpus`."""
        assert f"\nhaproxy_process_nbthread {threads}\n" in edges.of({"edge": {"cpus": cpus}}, recorder.port).figures()

    def test_nothing_else_is_there(self, guarded: Running) -> None:
        assert guarded.figures("/ready") == "ready"
        for path in ("/", "/health", "/api/v1/config", "/stats"):
            assert wire.ask(guarded.metrics_port, path).status == 404

    def test_none_of_it_is_at_the_front_door(self, guarded: Running) -> None:
        for path in ("/metrics", "/metrics/application", "/configuration", "/ready"):
            assert guarded.ask(path, headers=KEY).status_code == 404


def test_what_the_edge_is_made_of_is_told_to_nobody(guarded: Running) -> None:
    for path in ("/health", PATH, "/nowhere"):
        answer = guarded.ask(path)
        assert "haproxy" not in f"{answer.headers}{answer.text}".lower()
        assert "Server" not in answer.headers
