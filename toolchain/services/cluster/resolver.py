"""Asks the cluster's DNS a question. An answer has come from a pod, through a service: the whole node works."""

from __future__ import annotations

import secrets
import socket
import struct

SECONDS = 1.0
HEADER = struct.Struct(">6H")
"""Number, flags, and how many questions, answers, authorities and additions there are."""

RECURSION_DESIRED = 0x0100
CODE = 0x000F
ADDRESS, INTERNET = 1, 1


def answers(server: str, name: str, port: int = 53) -> bool:
    """Whether a DNS server returns an address for a name.

    Args:
        server: IPv4 address.
        name: fully qualified, without the final dot.
        port: UDP port.
    """
    number = secrets.randbelow(1 << 16)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = labels + b"\0" + struct.pack(">2H", ADDRESS, INTERNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(SECONDS)
        try:
            connection.connect((server, port))
            connection.send(HEADER.pack(number, RECURSION_DESIRED, 1, 0, 0, 0) + question)
            answer = connection.recv(4096)
        except OSError:
            return False
    if len(answer) < HEADER.size:
        return False
    answer_number, flags, _, answer_count, _, _ = HEADER.unpack_from(answer)
    return bool(answer_number == number and flags & CODE == 0 and answer_count > 0)
