"""What is let in: the dangerous paths of the application are closed, and no spelling of one opens it."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.application import application
from components.application.contract import CONTRACTS, DANGERS
from components.edge import edge_spec
from tests.support.edge import wire
from tests.support.edge.path_tricks import TRICKS
from tests.support.edge.recorder import Recorder
from tests.support.edge.running import Edges, Running, settings_of
from tests.support.edge.sample_paths import SAMPLES_OWN
from tests.support.edge.tokens import API_KEYS, KEY, SECRET

DANGEROUS = [
    (method, route.path.replace("{}", "crash"))
    for route in CONTRACTS["mimir-b0006f9"].routes
    if route.access in DANGERS
    for method in route.methods
]


@pytest.mark.parametrize(("method", "path"), DANGEROUS)
def test_a_dangerous_path_is_closed_to_everybody(
    edges: Edges, recorder: Recorder, guarded: Running, method: str, path: str
) -> None:
    """A key makes no difference: nothing but `edge.opened` opens it."""
    for headers in ({}, KEY):
        answer = guarded.ask(path, method, headers=headers, json={})
        assert answer.status_code == 403, f"{method} {path} is open"
    assert recorder.requests == []


class TestTheSampleLeaks:
    """The real weaknesses, with the sample behind: what they do without an edge, they do not do with one."""

    def test_the_secret_is_not_shown(self, default: Running, sample: int) -> None:
        assert SECRET in wire.ask(sample, "/api/v1/config").body.decode().replace("\\u0026", "&"), "the leak itself"
        answer = default.ask("/api/v1/config")
        assert answer.status_code == 403
        assert SECRET not in answer.text

    def test_no_file_is_opened(self, default: Running, sample: int, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("what is in it")
        asked = {"json": {"pipeline_file": str(tmp_path / "file")}}
        assert "what is in it" in _directly(sample, "/api/v1/pipelines/execute", asked), "the leak itself"
        answer = default.ask("/api/v1/pipelines/execute", "POST", **asked)
        assert answer.status_code == 403
        assert "what is in it" not in answer.text

    def test_no_file_is_written(self, default: Running, sample: int, tmp_path: Path) -> None:
        path = tmp_path / "written"
        asked = {"json": {"file_path": str(path)}}
        _directly(sample, "/api/v1/config/save", asked)
        assert path.exists(), "the leak itself"
        path.unlink()
        assert default.ask("/api/v1/config/save", "POST", **asked).status_code == 403
        assert not path.exists()

    def test_no_request_is_made_from_inside(self, default: Running, sample: int, recorder: Recorder) -> None:
        url = f"http://127.0.0.1:{recorder.port}/inside"
        asked = {"json": {"tool_name": "Input.api", "arguments": {"step_config": {"config": {"url": url}}}}}
        _directly(sample, "/mcp/tools/execute", asked)
        assert len(recorder.requests) == 1, "the leak itself"
        assert default.ask("/mcp/tools/execute", "POST", **asked).status_code == 403
        assert len(recorder.requests) == 1

    def test_the_process_is_not_ended(self, default: Running, sample: int) -> None:
        assert default.ask("/api/v1/protected/crash", "POST", json={}).status_code == 403
        assert wire.ask(sample, "/health").status == 200


def _directly(port: int, path: str, asked: dict[str, Any]) -> str:
    """The answer of the application itself, without an edge."""
    import requests

    return requests.post(f"http://127.0.0.1:{port}{path}", timeout=5, **asked).text


def test_what_the_application_is_for_is_served(default: Running) -> None:
    made = default.ask("/api/v1/pipelines", "POST", json={"name": "one"})
    assert made.status_code == 201
    assert default.ask(f"/api/v1/pipelines/{made.json()['id']}").json() == made.json()
    assert made.json() in default.ask("/api/v1/pipelines").json()
    assert default.ask("/health").status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/answer", "/metrics", "/api", "/api/v1/pipelines/a/b", "/favicon.ico"])
def test_what_is_not_in_the_contract_is_not_served(default: Running, path: str) -> None:
    answer = default.ask(path)
    assert answer.status_code == 404
    assert answer.json()["error"] == "not found"
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "TRACE", "CONNECT", "get", "HEAD", "PROPFIND", "GET:"])
def test_a_method_that_is_not_in_the_contract_is_not_served(
    edges: Edges, recorder: Recorder, method: str, guarded: Running
) -> None:
    edge_of_nobody = edges.of({}, recorder.port)
    answers = wire.exchange(edge_of_nobody.port, f"{method} /health HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert [answer.status for answer in answers] in ([404], [400], [405]), f"{method} is served"
    assert recorder.requests == []


@pytest.mark.parametrize("target", TRICKS)
@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
def test_no_spelling_opens_a_closed_path(edges: Edges, recorder: Recorder, target: str, method: str) -> None:
    """Whatever an edge and an application could read differently is refused, so no request reaches the application."""
    plain = edges.of({}, recorder.port)
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answers = wire.exchange(plain.port, head.encode("latin-1"), patience=5)
    assert recorder.requests == [], f"{target!r} reached the application as {recorder.requests[0].target!r}"
    assert all(400 <= answer.status < 500 for answer in answers)


def test_a_query_does_not_change_what_is_judged(edges: Edges, recorder: Recorder) -> None:
    plain = edges.of({}, recorder.port)
    query = "?x=/api/v1/config&y=%2e%2e/#"
    assert wire.ask(plain.port, f"/health{query[:-1]}").status == 200
    assert recorder.requests[0].target == f"/health{query[:-1]}"


def test_an_absolute_target_is_judged_by_its_path_and_host(edges: Edges, recorder: Recorder) -> None:
    """RFC 9112, section 3.2.2: its authority counts, and the Host header does not."""
    named = edges.of({"edge": {"hosts": ["mimir.example.com"]}}, recorder.port)
    assert wire.ask(named.port, "http://mimir.example.com/health", host="mimir.example.com").status == 200
    for target, host in (
        ("http://evil.example/health", "mimir.example.com"),
        ("http://mimir.example.com/health", "evil"),
    ):
        assert wire.ask(named.port, target, host=host).status in (400, 421), f"{target} with Host {host}"


class TestOpened:
    """`edge.opened`: dangerous groups, for known callers only."""

    @pytest.mark.parametrize("required", [True, False])
    def test_a_group_is_open_to_known_callers_only(self, edges: Edges, sample: int, required: bool) -> None:
        guard = {"required": required, "apiKeys": API_KEYS}
        opened = edges.of({"edge": {"opened": ["config"], "authentication": guard}}, sample)
        assert opened.ask("/api/v1/config").status_code == 401
        assert opened.ask("/api/v1/config", headers={"X-API-Key": "wrong"}).status_code == 401
        assert opened.ask("/api/v1/config", headers=KEY).status_code == 200
        assert opened.ask("/api/v1/config/save", "POST", headers=KEY, json={}).status_code == 403, "another group"

    @pytest.mark.parametrize("group", DANGERS)
    def test_each_group_opens_its_own_paths_and_no_other(self, edges: Edges, recorder: Recorder, group: str) -> None:
        guard = {"required": True, "apiKeys": API_KEYS}
        opened = edges.of({"edge": {"opened": [group], "authentication": guard}}, recorder.port)
        for route in CONTRACTS["mimir-b0006f9"].routes:
            if route.access in DANGERS:
                body = None if route.methods[0] == "GET" else b"{}"
                answer = opened.ask(route.path.replace("{}", "x"), route.methods[0], headers=KEY, data=body)
                first = next(r for r in CONTRACTS["mimir-b0006f9"].routes if r.path == route.path).access
                assert answer.status_code == (200 if first == group else 403), route.path


class TestPaths:
    """`edge.paths`: what is served besides the contract."""

    def test_a_path_of_ones_own_is_served_with_every_method(self, edges: Edges, sample: int) -> None:
        own = edges.of({"edge": {"paths": SAMPLES_OWN}}, sample)
        assert own.ask("/api/v1/answer").json() == {"answer": "the first answer"}
        assert own.ask("/api/v1/notes", "POST", json={"text": "x"}).status_code == 201

    def test_a_segment_is_one_clean_segment(self, edges: Edges, recorder: Recorder) -> None:
        own = edges.of({"edge": {"paths": ["/reports/{}/a.b"]}}, recorder.port)
        assert wire.ask(own.port, "/reports/2026-01_~x.pdf/a.b").status == 200
        for bad in ("/reports//a.b", "/reports/./a.b", "/reports/../a.b", "/reports/a/b/a.b", "/reports/a%2fb/a.b"):
            assert wire.ask(own.port, bad).status in (400, 404), bad
        assert wire.ask(own.port, "/reports/x/aXb").status == 404, "the dot is a dot"

    def test_a_path_wants_a_key_like_the_others(self, edges: Edges, recorder: Recorder) -> None:
        guard = {"required": True, "apiKeys": API_KEYS}
        own = edges.of({"edge": {"paths": ["/reports"], "authentication": guard}}, recorder.port)
        assert own.ask("/reports").status_code == 401
        assert own.ask("/reports", headers=KEY).status_code == 200


PIECES = st.sampled_from(
    ["api", "v1", "config", "health", "pipelines", "..", ".", "%2e", "%2f", "", "a", "~", ";x", "\\", "%63onfig", "X"]
)
TARGETS = st.one_of(
    st.lists(PIECES, min_size=1, max_size=6).map(lambda parts: "/" + "/".join(parts)),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF), min_size=1, max_size=30).map(
        lambda text: f"/{text}"
    ),
    st.lists(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=8).map(
        lambda more: "/api/v1/pipelines/" + "".join(more)
    ),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(target=TARGETS, method=st.sampled_from(["GET", "PUT", "POST", "DELETE"]))
def test_whatever_is_let_through_is_what_was_judged(edges: Edges, recorder: Recorder, target: str, method: str) -> None:
    """What the application receives is, byte for byte, what the client sent, and matches an allowed pattern."""
    plain = edges.of({}, recorder.port)
    recorder.reset()
    connection = http.client.HTTPConnection("127.0.0.1", plain.port, timeout=5)
    connection.putrequest(method, "/", skip_host=True)
    connection._buffer[0] = f"{method} {target} HTTP/1.1".encode("latin-1")  # type: ignore[attr-defined]
    connection.putheader("Host", "localhost")
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    assert (status == 200) == bool(recorder.requests)
    described = settings_of({})
    allowed = edge_spec.describe(described, application.describe(described, "test")).allowed
    for received in recorder.requests:
        path = received.target.partition("?")[0]
        assert received.target == target.partition("#")[0]
        assert any(re.fullmatch(one.pattern, f"{method}:{path}") for one in allowed), f"{path!r} is in no pattern"
