"""How much memory the edge may need, from what clients may hold; measured with HAProxy 3.2 (tests/edge/test_attacks.py)."""

from __future__ import annotations

import math

from components.settings.edge import Edge

BUFFER_KIB = 16
"""HAProxy's `tune.bufsize`."""

STREAMS = 16
"""Concurrent HTTP/2 streams of a connection; a client that wants more asks one after the other."""

POLLED, RUN = 16, 1000
"""Connections that are read in one turn, and requests that are worked on in it. With HAProxy's own 200 and 280, requests
of many streams are read faster than they are answered, and each that waits holds a buffer: 421 instead of 75 MiB."""

BASE_MIB = 32
THREAD_MIB = 4
CONNECTION_KIB = 25
"""An idle connection with TLS."""

HELD = 2
"""A client with so many times `rateLimit.concurrentPerClient` requests at a time is not answered any more."""


def least_mib(edge: Edge) -> int:
    """The memory that the edge needs when every connection is taken and one client holds all that it can, in MiB.

    Args:
        edge: the settings, of which connections, streams of a client and threads count.
    """
    threads = max(1, math.ceil(edge.cpus))
    connections = edge.max_connections * CONNECTION_KIB
    streams = min(HELD * edge.rate_limit.concurrent_per_client, edge.max_connections * STREAMS) * BUFFER_KIB
    return math.ceil(BASE_MIB + THREAD_MIB * (threads - 1) + (connections + streams) / 1024)
