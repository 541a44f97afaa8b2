"""`edge.corsOrigins`: which pages may call (Fetch standard). The application's own `*` never comes out."""

from __future__ import annotations

import pytest

from tests.support.edge.recorder import Recorder, reply
from tests.support.edge.running import Edges, Running
from tests.support.edge.tokens import API_KEYS, KEY

PATH = "/api/v1/pipelines"
OURS = "https://app.example.com"
GENEROUS = (
    "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Methods: *\r\n"
)
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-api-key"}


@pytest.fixture
def crossed(edges: Edges, recorder: Recorder) -> Running:
    """An edge that knows two origins and wants a key, in front of an application that allows everything."""
    guard = {"required": True, "apiKeys": API_KEYS}
    config = {"edge": {"corsOrigins": [OURS, "http://localhost:3000"], "authentication": guard}}
    recorder.answer = lambda _: reply(headers=GENEROUS)
    return edges.of(config, recorder.port)


@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000"])
def test_a_known_origin_may_read_answers(crossed: Running, origin: str) -> None:
    answer = crossed.ask(PATH, headers={**KEY, "Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-ID"
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "*",
        OURS + ".evil.example",
        OURS + ":444",
        OURS + "/",
        OURS.upper(),
        "http://app.example.com",
        "https://evil.example, " + OURS,
        OURS + ", https://evil.example",
        "https://xapp.example.com",
    ],
)
def test_an_unknown_origin_may_not(crossed: Running, origin: str) -> None:
    for path in (PATH, "/health", "/nowhere"):
        answer = crossed.ask(path, headers={**KEY, "Origin": origin})
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert "Origin" in answer.headers["Vary"], "a cache must not hand this answer to another origin"


def test_a_request_without_an_origin_is_nothing_special(crossed: Running) -> None:
    answer = crossed.ask(PATH, headers=KEY)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_a_known_page_can_read_why_it_was_refused(crossed: Running) -> None:
    answer = crossed.ask(PATH, headers={"Origin": OURS})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == OURS


def test_a_preflight_of_a_known_origin_is_answered_at_the_edge(crossed: Running, recorder: Recorder) -> None:
    """It carries no key (Fetch standard, CORS-preflight fetch)."""
    answer = crossed.ask(PATH, "OPTIONS", headers={**PREFLIGHT, "Origin": OURS})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert {"Authorization", "Content-Type", "X-API-Key"} <= set(
        answer.headers["Access-Control-Allow-Headers"].split(", ")
    )
    assert recorder.requests == []


def test_a_preflight_of_an_unknown_origin_allows_nothing(crossed: Running, recorder: Recorder) -> None:
    answer = crossed.ask(PATH, "OPTIONS", headers={**PREFLIGHT, "Origin": "https://evil.example"})
    assert answer.status_code == 404
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert recorder.requests == []


def test_by_default_no_page_may(edges: Edges, sample: int) -> None:
    """The sample itself says `*`, with credentials, as the application does."""
    answer = edges.of({}, sample).ask("/health", headers={"Origin": OURS})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
