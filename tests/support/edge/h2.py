"""HTTP/2 (RFC 9113) as bytes: just enough to send what no well-behaved client does."""

from __future__ import annotations

import socket
import ssl
import struct
from dataclasses import dataclass, field

Fields = list[tuple[bytes, bytes]]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
"""HPACK's static table (RFC 7541, appendix A)."""


@dataclass
class Outcome:
    """What became of a request.

    Attributes:
        status: of the answer; None where there is none.
        reset: whether the stream or the connection was ended with an error.
    """

    status: int | None = None
    reset: bool = False
    frames: list[int] = field(default_factory=list)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def packed(fields: Fields) -> bytes:
    """A header block in which every field is a literal (RFC 7541, section 6.2.2)."""
    return b"".join(b"\x00" + _text(name) + _text(value) for name, value in fields)


def _text(text: bytes) -> bytes:
    assert len(text) < 16_000
    if len(text) < 127:
        return bytes([len(text)]) + text
    rest = len(text) - 127
    return bytes([127, rest % 128 + 128, rest // 128]) + text


def request(path: bytes, method: bytes = b"GET", *more: tuple[bytes, bytes]) -> Fields:
    """The fields of a request."""
    return [(b":method", method), (b":scheme", b"https"), (b":authority", b"localhost"), (b":path", path), *more]


def ask(port: int, fields: Fields, body: list[bytes] | None = None) -> Outcome:
    """What becomes of one request; `body` is sent as so many frames."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, client.wrap_socket(plain) as connection:
        flags = END_HEADERS if body else END_HEADERS | END_STREAM
        sent = PREFACE + frame(SETTINGS, 0, 0, b"") + frame(HEADERS, flags, 1, packed(fields))
        for number, part in enumerate(body or [], 1):
            sent += frame(DATA, END_STREAM if number == len(body or []) else 0, 1, part)
        connection.sendall(sent)
        return _outcome(connection)


def _outcome(connection: ssl.SSLSocket) -> Outcome:
    outcome, data = Outcome(), b""
    while outcome.status is None and not outcome.reset:
        try:
            part = connection.recv(65536)
        except (TimeoutError, OSError):
            return outcome
        if not part:
            outcome.reset = True
            return outcome
        data += part
        while len(data) >= 9 and len(data) >= 9 + (size := int.from_bytes(data[:3], "big")):
            kind, flags, payload, data = data[3], data[4], data[9 : 9 + size], data[9 + size :]
            outcome.frames.append(kind)
            if kind == SETTINGS and not flags & ACK:
                connection.sendall(frame(SETTINGS, ACK, 0, b""))
            elif kind == HEADERS and outcome.status is None:
                outcome.status = _status(payload)
            elif kind in (RESET, GOAWAY):
                outcome.reset = True
    return outcome


def _status(block: bytes) -> int:
    """The status at the beginning of an answer's header block, in the forms that HAProxy writes."""
    first = block[0]
    if first & 0x80:
        return STATUSES[first & 0x7F]
    length = block[1] & 0x7F
    assert not block[1] & 0x80, "a Huffman code"
    return int(block[2 : 2 + length])
