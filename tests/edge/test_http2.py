"""HTTP/2 at the edge: its pseudo-headers and frames open nothing that HTTP/1.1 does not."""

from __future__ import annotations

import pytest

from components.edge.haproxy.files import Certificate
from tests.support.edge import h2
from tests.support.edge.path_tricks import TRICKS
from tests.support.edge.recorder import Recorder
from tests.support.edge.running import Edges, Running
from tests.support.edge.smuggling import HIDDEN, clean
from tests.support.edge.tokens import API_KEY, API_KEYS

PATH = b"/api/v1/pipelines"
LENGTH = b"content-length"


@pytest.fixture
def encrypted(edges: Edges, recorder: Recorder, certificate: Certificate) -> Running:
    """An edge that encrypts, in front of the recorder."""
    return edges.of({"edge": {"tls": {"mode": "selfSigned"}}}, recorder.port, certificate=certificate)


def test_a_plain_request_is_served(encrypted: Running, recorder: Recorder) -> None:
    assert h2.ask(encrypted.port, h2.request(b"/health")).status == 200
    posted = h2.request(PATH, b"POST", (LENGTH, b"2"))
    assert h2.ask(encrypted.port, posted, [b"{", b"}"]).status == 200
    assert [(one.target, one.body) for one in recorder.requests] == [("/health", b""), ("/api/v1/pipelines", b"{}")]
    clean(recorder)


@pytest.mark.parametrize("target", TRICKS)
def test_no_spelling_opens_a_closed_path(encrypted: Running, recorder: Recorder, target: str) -> None:
    outcome = h2.ask(encrypted.port, h2.request(target.encode("latin-1")))
    assert recorder.requests == [], f"{target!r} reached the application as {recorder.requests[0].target!r}"
    assert outcome.reset or (outcome.status and 400 <= outcome.status < 500)


@pytest.mark.parametrize(
    "path",
    [
        b"/health HTTP/1.1\r\nX-Hidden: 1\r\n\r\n",
        b"/health\n",
        b"/health\r",
        b"/health\r\n",
        b"/health\x00",
        b"/health x",
        b"/health HTTP/1.1",
        b" /health",
        b"/health\t",
        b"/api/v1/pipelines/x\n",
        b"/api/v1/pipelines/x HTTP/1.1\r\nHost: a\r\n\r\n" + HIDDEN,
        b"health",
        b"",
        b"*",
        b"https://localhost/api/v1/config",
    ],
)
def test_a_path_is_a_path(encrypted: Running, recorder: Recorder, path: bytes) -> None:
    h2.ask(encrypted.port, h2.request(path))
    assert recorder.requests == [], f"{path!r} reached the application"


@pytest.mark.parametrize(
    "fields",
    [
        [(b":method", b"GET /api/v1/config HTTP/1.1\r\nX: "), (b":scheme", b"https"), (b":path", b"/health")],
        [(b":method", b"GET "), (b":scheme", b"https"), (b":path", b"/health")],
        [(b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/health"), (b":path", b"/api/v1/config")],
        [(b":method", b"GET"), (b":path", b"/health"), (b":scheme", b"https://a/api/v1/config?")],
        [(b":method", b"GET"), (b":path", b"/health"), (b":scheme", b"https"), (b":authority", b"a\r\nX-Hidden: 1")],
        [*h2.request(b"/health"), (b":path", b"/api/v1/config")],
        [*h2.request(b"/health"), (b"x", b"y"), (b":path", b"/api/v1/config")],
        [*h2.request(b"/health"), (b":own", b"x")],
        [*h2.request(b"/health"), (b"X-Hidden", b"upper case")],
        [*h2.request(b"/health"), (b"x", b"y\r\nx-hidden: 1")],
        [*h2.request(b"/health"), (b"x", b"y\nx-hidden: 1")],
        [*h2.request(b"/health"), (b"x\r\nx-hidden", b"1")],
        [*h2.request(b"/health"), (b"x: y\r\nx-hidden", b"1")],
        [*h2.request(b"/health"), (b"", b"1")],
        [*h2.request(b"/health"), (b"transfer-encoding", b"chunked")],
        [*h2.request(b"/health"), (b"connection", b"keep-alive")],
        [*h2.request(b"/health"), (b"upgrade", b"h2c")],
        [*h2.request(b"/health"), (b"te", b"chunked")],
        [*h2.request(b"/health"), (b"host", b"other")],
        [(b":method", b"CONNECT"), (b":authority", b"127.0.0.1:22")],
        [(b":method", b"CONNECT"), (b":protocol", b"websocket"), *h2.request(PATH)[1:]],
        [(b":path", b"/health")],
        [],
    ],
    ids=lambda fields: repr(fields[-1:])[:60],
)
def test_no_field_becomes_another_line(encrypted: Running, recorder: Recorder, fields: h2.Fields) -> None:
    h2.ask(encrypted.port, fields)
    clean(recorder)
    for received in recorder.requests:
        assert received.target in ("/health", PATH.decode())
        assert received.method == "GET"
        assert not {"x-hidden", "transfer-encoding", "upgrade", "te"} & {name for name, _ in received.headers}


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        pytest.param([(LENGTH, b"0")], [HIDDEN], id="a length of nothing"),
        pytest.param([(LENGTH, b"4")], [HIDDEN], id="a length that is too small"),
        pytest.param([(LENGTH, b"4000")], [HIDDEN], id="a length that is too large"),
        pytest.param([(LENGTH, b"0"), (LENGTH, b"%d" % len(HIDDEN))], [HIDDEN], id="two lengths"),
        pytest.param([(LENGTH, b"0, %d" % len(HIDDEN))], [HIDDEN], id="a list of lengths"),
        pytest.param([(LENGTH, b"+%d" % len(HIDDEN))], [HIDDEN], id="a length with a sign"),
        pytest.param([(LENGTH, b"18446744073709551616")], [HIDDEN], id="a length beyond all measure"),
        pytest.param([(b"transfer-encoding", b"chunked")], [b"0\r\n\r\n" + HIDDEN], id="chunks"),
        pytest.param([(b"transfer-encoding", b"chunked"), (LENGTH, b"5")], [b"0\r\n\r\n" + HIDDEN], id="both"),
        pytest.param([(b"content-length ", b"0")], [HIDDEN], id="a name with a space"),
    ],
)
def test_no_length_hides_a_request(
    encrypted: Running, recorder: Recorder, fields: h2.Fields, body: list[bytes]
) -> None:
    """RFC 9113, section 8.1.1: a body that is not as long as it says is malformed."""
    h2.ask(encrypted.port, h2.request(PATH, b"POST", *fields), body)
    clean(recorder)
    assert HIDDEN not in [received.body for received in recorder.requests]


def test_a_body_of_unknown_size_is_refused(encrypted: Running, recorder: Recorder) -> None:
    assert h2.ask(encrypted.port, h2.request(PATH, b"POST"), [b"{", b"}"]).status == 411
    assert recorder.requests == []


def test_a_key_counts_for_its_own_request_only(edges: Edges, recorder: Recorder, certificate: Certificate) -> None:
    guard = {"required": True, "apiKeys": API_KEYS}
    config = {"edge": {"tls": {"mode": "selfSigned"}, "authentication": guard}}
    guarded = edges.of(config, recorder.port, certificate=certificate)
    keyed = h2.request(PATH, b"GET", (b"x-api-key", API_KEY.encode()), (b"x-forwarded-user", b"root"))
    assert h2.ask(guarded.port, keyed).status == 200
    assert h2.ask(guarded.port, h2.request(PATH)).status == 401
    [received] = recorder.requests
    assert received.all("x-forwarded-user") == ["ci"]
    assert received.all("x-api-key") == []
