"""More busy connections than the application takes at once: each is served, and none much less than the others."""

from __future__ import annotations

import select
import socket
import statistics
import time
from collections import Counter

from tests.support.edge.running import Edges

CONNECTIONS = 1000
SECONDS = 15
ENOUGH = 8
"""Answers of the median connection after which the shares are known."""

ASK = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"


def closed_loop(port: int) -> tuple[list[int], Counter[bytes]]:
    """Answers of each connection, and of each status: whoever has an answer asks again at once."""
    connections = {}
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port), 10)
        connection.setblocking(False)
        connections[connection.fileno()] = connection
    answers, statuses = dict.fromkeys(connections, 0), Counter[bytes]()
    poll = select.epoll()
    for number, connection in connections.items():
        poll.register(number, select.EPOLLIN)
        connection.send(ASK)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and statistics.median(answers.values()) < ENOUGH:
        for _ in range(50):
            for number, _ in poll.poll(0.1):
                statuses[connections[number].recv(65536)[9:12]] += 1
                answers[number] += 1
                connections[number].send(ASK)
    poll.close()
    for connection in connections.values():
        connection.close()
    return list(answers.values()), statuses


def test_every_connection_is_served(edges: Edges, sample: int) -> None:
    answers, statuses = closed_loop(edges.of({}, sample, own="fair").port)
    median = statistics.median(answers)
    print(f"\n{sum(answers)} answers, {min(answers)} to {max(answers)} a connection, median {median}: {dict(statuses)}")
    assert set(statuses) == {b"200"}
    assert min(answers) / median >= 0.5
