"""A request hidden in another one, and whether the application received it."""

from __future__ import annotations

import re

from tests.support.edge.recorder import Recorder

HIDDEN = b"GET /api/v1/config HTTP/1.1\r\nHost: a\r\nX-Hidden: 1\r\n\r\n"


def clean(recorder: Recorder) -> None:
    """What the application received can be read in one way only."""
    for received in recorder.requests:
        assert received.target in ("/health", "/api/v1/pipelines"), "a request that the edge has not judged"
        assert b"\nX-Hidden" not in received.head
        names = [name for name, _ in received.headers]
        assert names.count("content-length") + names.count("transfer-encoding") <= 1, "two ways to find its end"
        assert all(re.fullmatch(r"[!#$%&'*+.^_`|~0-9a-z-]+", name) for name in names), "a header that is none"
        assert not re.search(rb"[\x00\x0b]|\r(?!\n)|(?<!\r)\n", received.head), "a line end that is none"
        assert received.head.split(b"\r\n")[0].endswith(b" HTTP/1.1")
        assert not names.count("transfer-encoding") or received.all("transfer-encoding")[0].lower() == "chunked"
        assert received.all("host") and len(received.all("host")) == 1
