"""Memory of the edge, from what clients may occupy; measured with HAProxy 3.2."""

from __future__ import annotations

import math

from components.settings.edge import EdgeSettings

BUFFER_KIB = 16
"""HAProxy's `tune.bufsize`."""

STREAMS = 16
"""Concurrent HTTP/2 streams of a connection; the client queues further requests."""

MAX_POLL_EVENTS, RUN_QUEUE_DEPTH = 16, 1000
"""HAProxy's `tune.maxpollevents` and `tune.runqueue-depth`. With the defaults, 200 and 280, requests are read faster
than they are answered, and each that waits holds a buffer: 421 instead of 75 MiB."""

BASE_MIB = 32
THREAD_MIB = 4
CONNECTION_KIB = 25
"""An idle connection with TLS."""

CONCURRENCY_FACTOR = 2
"""The edge closes the connections of a client that exceeds `rateLimit.concurrentPerClient` by this factor."""

MIN_FREE_KIB = 8 * 1024
MIN_CONNECTIONS = 10


def max_client_requests(edge: EdgeSettings) -> int:
    """Concurrent requests of one client, beyond which it gets no response; at most half of the memory."""
    limit = CONCURRENCY_FACTOR * edge.rate_limit.concurrent_per_client
    return max(1, min(limit, _free_kib(edge) // 2 // BUFFER_KIB))


def max_connections(edge: EdgeSettings) -> int:
    """Concurrent connections that the edge accepts: `edge.maxConnections`, or fewer if its memory holds fewer."""
    fitting = (_free_kib(edge) - max_client_requests(edge) * BUFFER_KIB) // CONNECTION_KIB
    return max(MIN_CONNECTIONS, min(edge.max_connections, fitting))


def required_mib(edge: EdgeSettings) -> int:
    """The memory that `edge.maxConnections` connections need, in MiB."""
    buffers_kib = CONCURRENCY_FACTOR * edge.rate_limit.concurrent_per_client * BUFFER_KIB
    return math.ceil(_base_mib(edge) + (edge.max_connections * CONNECTION_KIB + buffers_kib) / 1024)


def _free_kib(edge: EdgeSettings) -> int:
    return max(MIN_FREE_KIB, math.floor((edge.memory_mib - _base_mib(edge)) * 1024))


def _base_mib(edge: EdgeSettings) -> float:
    return BASE_MIB + THREAD_MIB * (max(1, math.ceil(edge.cpus)) - 1)
