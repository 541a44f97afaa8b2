"""A DNS server on loopback that answers, fails or stays silent, as a test wants."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import threading
from typing import Literal, Self

Fault = Literal["timeout", "refused", "servfail", "nxdomain", "no data", "garbage"]

CODES: dict[Fault, int] = {"servfail": 2, "nxdomain": 3, "refused": 5, "no data": 0}
"""Response codes (RFC 1035, section 4.1.1)."""

TYPE_A = 1
RESPONSE = 0x8580
"""Flags of an authoritative answer from a server that asks others too."""


class NameServer:
    """Has the same addresses for every name.

    Attributes:
        addresses: IPv4 addresses of the name.
        fault: how it fails; None while it answers.
        failed: how many questions it has not answered since `fault` was set.
        port: UDP port on 127.0.0.1.
    """

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.fault: Fault | None = None
        self.failed = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # wakes the thread that waits
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def fail(self, fault: Fault) -> None:
        """Answer no question from now on."""
        self.fault, self.failed = fault, 0

    def recover(self, *addresses: str) -> None:
        """Answer again, with these addresses."""
        self.fault, self.addresses = None, addresses

    def _serve(self) -> None:
        while True:
            try:
                question, client = self._socket.recvfrom(4096)
                if not question:
                    return
                if (answer := self._answer(question)) is not None:
                    self._socket.sendto(answer, client)
            except OSError:
                return

    def _answer(self, question: bytes) -> bytes | None:
        fault = self.fault
        self.failed += fault is not None
        if fault == "timeout":
            return None
        if fault == "garbage":
            return question[:2] + b"?"
        end = question.index(b"\0", 12) + 5  # the name ends with an empty label; type and class follow
        [kind] = struct.unpack("!H", question[end - 4 : end - 2])
        addresses = self.addresses if fault is None and kind == TYPE_A else ()
        head = struct.pack("!2sHHHHH", question[:2], RESPONSE | (CODES[fault] if fault else 0), 1, len(addresses), 0, 0)
        records = b"".join(
            struct.pack("!HHHIH4s", 0xC00C, TYPE_A, 1, 1, 4, ipaddress.IPv4Address(address).packed)
            for address in addresses
        )
        return head + question[12:end] + records
