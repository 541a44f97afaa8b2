"""Request smuggling (RFC 9112, section 11.2): never two requests from what the edge took for one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.edge import wire
from tests.support.edge.recorder import Recorder
from tests.support.edge.running import Edges, Running
from tests.support.edge.smuggling import HIDDEN, clean

POST = b"POST /api/v1/pipelines HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
CHUNKED_HIDDEN = b"%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)

SAMPLES: dict[str, bytes] = {
    "length and chunks": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + CHUNKED_HIDDEN,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "two lengths the other way": POST + b"Content-Length: %d\r\nContent-Length: 0\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a list of lengths": POST + b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "an empty length": POST + b"Content-Length: \r\n\r\n" + HIDDEN,
    "a length with a sign": POST + b"Content-Length: +0\r\n\r\n" + HIDDEN,
    "a negative length": POST + b"Content-Length: -1\r\n\r\n" + HIDDEN,
    "a hexadecimal length": POST + b"Content-Length: 0x0\r\n\r\n" + HIDDEN,
    "a length with a space inside": POST + b"Content-Length: 0 0\r\n\r\n" + HIDDEN,
    "a length that is too long": POST + b"Content-Length: 18446744073709551616\r\n\r\n" + HIDDEN,
    "a space before the colon": POST + b"Content-Length : 0\r\nTransfer-Encoding : chunked\r\n\r\n" + CHUNKED_HIDDEN,
    "a tab before the colon": POST + b"Content-Length: 0\r\nTransfer-Encoding\t: chunked\r\n\r\n" + CHUNKED_HIDDEN,
    "a vertical tab": POST + b"Content-Length: 0\r\nTransfer-Encoding:\x0bchunked\r\n\r\n" + CHUNKED_HIDDEN,
    "a null": POST + b"Content-Length: 0\r\nTransfer-Encoding: chunked\x00\r\n\r\n" + CHUNKED_HIDDEN,
    "another coding": POST + b"Content-Length: 0\r\nTransfer-Encoding: xchunked\r\n\r\n" + CHUNKED_HIDDEN,
    "identity": POST + b"Content-Length: 0\r\nTransfer-Encoding: identity\r\n\r\n" + CHUNKED_HIDDEN,
    "chunked first": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED_HIDDEN,
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKED_HIDDEN,
    "two codings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n" + CHUNKED_HIDDEN,
    "a quoted coding": POST + b'Content-Length: 0\r\nTransfer-Encoding: "chunked"\r\n\r\n' + CHUNKED_HIDDEN,
    "a folded coding": POST + b"Content-Length: 0\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKED_HIDDEN,
    "a header after a bare line feed": POST + b"X: y\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a header after a bare return": POST + b"X: y\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a line that begins with a space": b"POST /api/v1/pipelines HTTP/1.1\r\n Host: a\r\nContent-Length: 0\r\n\r\n"
    + HIDDEN,
    "bare line feeds": b"POST /api/v1/pipelines HTTP/1.1\nHost: a\nContent-Length: 0\n\n" + HIDDEN,
    "a head that ends twice": POST + b"Content-Length: 0\n\n" + HIDDEN,
    "a chunk's extension": POST + b"Transfer-Encoding: chunked\r\n\r\n0;x=\r\n\r\n" + HIDDEN,
    "a chunk's extension with a line feed": POST
    + b"Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n%x\r\n0\r\n\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN) + 5, HIDDEN),
    "a chunk's size with a sign": POST + b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n" + HIDDEN,
    "a chunk's size with 0x": POST + b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + HIDDEN,
    "a chunk's size that is too long": POST + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n" + HIDDEN,
    "a chunk without a size": POST + b"Transfer-Encoding: chunked\r\n\r\n\r\n" + HIDDEN,
    "a chunk that ends with a line feed": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n" + HIDDEN,
    "a chunk that is longer": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n" + HIDDEN,
    "trailers": POST
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 99\r\nX-Forwarded-User: x\r\n\r\n"
    + HIDDEN,
    "a body of a GET": b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "chunks of a GET": b"GET /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED_HIDDEN,
    "chunks in HTTP/1.0": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED_HIDDEN,
    "a request in HTTP/0.9": b"GET /health\r\n\r\n" + HIDDEN,
    "a version of one's own": b"GET /health HTTP/1.1 HTTP/9.9\r\nHost: a\r\n\r\n" + HIDDEN,
    "a version with a line feed": b"GET /health HTTP/1.1\nX: y\r\nHost: a\r\n\r\n" + HIDDEN,
    "expects 100": POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a name with a space": POST + b"Transfer Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + CHUNKED_HIDDEN,
    "a name with an underscore": POST + b"Transfer_Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + CHUNKED_HIDDEN,
    "no name": POST + b": chunked\r\nContent-Length: 0\r\n\r\n" + CHUNKED_HIDDEN,
    "nothing before it": b"\r\n\r\n" + POST + b"Content-Length: 0\r\n\r\n" + HIDDEN,
    "a connection that names the length": POST
    + b"Connection: Content-Length\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN)
    + HIDDEN,
}


@pytest.fixture
def plain(edges: Edges, recorder: Recorder) -> Running:
    """An edge with a short patience, in front of the recorder."""
    return edges.of({"edge": {"timeouts": {"requestSeconds": 1, "idleSeconds": 1}}}, recorder.port)


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_request_is_hidden_in_another(plain: Running, recorder: Recorder, sample: str) -> None:
    """The hidden one asks for a closed path: it reaches the application only if the edge has not seen it."""
    wire.exchange(plain.port, SAMPLES[sample], patience=2)
    clean(recorder)


def test_what_the_edge_answers_is_what_the_application_was_asked(plain: Running, recorder: Recorder) -> None:
    """Two requests on one connection are two, each judged by itself."""
    first = b"POST /api/v1/pipelines HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    answers = wire.exchange(plain.port, first + HIDDEN + first, patience=2)
    assert [answer.status for answer in answers] == [200, 403, 200]
    assert [received.body for received in recorder.requests] == [b"{}", b"{}"]


@pytest.mark.parametrize("lines", ["Host: a\r\nHost: b\r\n", "Host: a, b\r\n", "Host: a\r\nHost: \r\n", ""])
def test_a_request_has_one_host(edges: Edges, recorder: Recorder, lines: str) -> None:
    named = edges.of({"edge": {"hosts": ["a"]}}, recorder.port)
    answers = wire.exchange(named.port, f"GET /health HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
    assert [answer.status for answer in answers] in ([400], [421])
    assert recorder.requests == []


HEADERS = st.lists(
    st.sampled_from(
        [
            b"Content-Length: 0",
            b"Content-Length: 5",
            b"content-length:5",
            b"Content-Length: 5, 5",
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding:chunked ",
            b"transfer-encoding: Chunked",
            b"Transfer-Encoding: chunked\x0b",
            b"Transfer-Encoding : chunked",
            b" Transfer-Encoding: chunked",
            b"Transfer-Encoding: identity, chunked",
            b"Connection: keep-alive, Content-Length",
            b"Expect: 100-continue",
            b"X: y",
        ]
    ),
    max_size=4,
)
BODIES = st.lists(
    st.sampled_from([b"0\r\n\r\n", b"5\r\nabcde\r\n", b"5;x=y\r\nabcde\r\n", b"abcde", HIDDEN]), max_size=4
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(headers=HEADERS, ends=st.sampled_from([b"\r\n", b"\n"]), body=BODIES)
def test_no_framing_hides_a_request(
    plain: Running, recorder: Recorder, headers: list[bytes], ends: bytes, body: list[bytes]
) -> None:
    recorder.reset()
    head = ends.join([b"POST /api/v1/pipelines HTTP/1.1", b"Host: a", *headers, b"", b""])
    wire.exchange(plain.port, head + b"".join(body), patience=0.1)
    clean(recorder)


def test_an_answer_is_not_two(plain: Running, recorder: Recorder) -> None:
    """RFC 9112, section 11.1: what an application sends after its answer belongs to nobody."""
    more = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Hidden: 1\r\n\r\nhidden"
    answered: list[Any] = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + more, b"HTTP/1.1 204 No Content\r\n\r\n"]
    recorder.answer = lambda _: answered.pop(0) if answered else None
    ask = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    for answer in wire.exchange(plain.port, ask + ask, patience=2):
        assert answer.header("X-Hidden") is None
        assert answer.body in (b"{}", b"") or answer.status == 502
