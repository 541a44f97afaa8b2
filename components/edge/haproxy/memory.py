"""How much memory the edge may need, from what clients may hold; measured with HAProxy 3.2."""

from __future__ import annotations

import math

from components.settings.edge import EdgeSettings

BUFFER_KIB = 16
"""HAProxy's `tune.bufsize`."""

STREAMS = 16
"""Concurrent HTTP/2 streams of a connection; a client that wants more asks one after the other."""

POLLED, RUN = 16, 1000
"""Connections that are read in a turn, and requests that are worked on in it. With HAProxy's own 200 and 280, requests
are read faster than they are answered, and each that waits holds a buffer: 421 instead of 75 MiB."""

BASE_MIB = 32
THREAD_MIB = 4
CONNECTION_KIB = 25
"""An idle connection with TLS."""

HELD = 2
"""A client with so many times `rateLimit.concurrentPerClient` requests at a time is not answered any more."""


LEAST_KIB = 8 * 1024
LEAST_CONNECTIONS = 10


def held(edge: EdgeSettings) -> int:
    """The requests of one client at a time beyond which it is not answered any more; at most half of the memory."""
    most = HELD * edge.rate_limit.concurrent_per_client
    return max(1, min(most, _free_kib(edge) // 2 // BUFFER_KIB))


def connections(edge: EdgeSettings) -> int:
    """The connections that the edge takes: as many as the settings say, and never more than its memory can hold."""
    fit = (_free_kib(edge) - held(edge) * BUFFER_KIB) // CONNECTION_KIB
    return max(LEAST_CONNECTIONS, min(edge.max_connections, fit))


def enough_mib(edge: EdgeSettings) -> int:
    """The memory with which the edge takes every connection that the settings allow, in MiB."""
    streams = HELD * edge.rate_limit.concurrent_per_client * BUFFER_KIB
    return math.ceil(_base_mib(edge) + (edge.max_connections * CONNECTION_KIB + streams) / 1024)


def _free_kib(edge: EdgeSettings) -> int:
    return max(LEAST_KIB, math.floor((edge.memory_mib - _base_mib(edge)) * 1024))


def _base_mib(edge: EdgeSettings) -> float:
    return BASE_MIB + THREAD_MIB * (max(1, math.ceil(edge.cpus)) - 1)
