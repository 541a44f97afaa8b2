"""A bounded load, and what became of every request: most clients keep their connection open, a few open new ones.

A server may close a connection that is idle while the next request is on its way; HTTP expects a client to repeat an
idempotent request then, once, on a new connection (RFC 9112, section 9.3.1), and the clients that people use do. So
does this one, and counts it, unless it is told to be strict. Everything else that is not a whole answer with status 200
is a failure.
"""

from __future__ import annotations

import http.client
import ssl
import statistics
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 20.0

SHORT_LIVED = 2
"""How many of the clients open a connection for every request."""

PAUSE_SECONDS = 0.01
"""What a short-lived client waits between two: a closed connection keeps its port for a minute."""


@dataclass
class Report:
    """What a load saw.

    Attributes:
        requests: how many were sent, the repeated ones counted once.
        reopened: how many were repeated because the server had closed an idle connection.
        failures: how many failed, by reason.
        seconds: how long each answer took.
        answered: when each good answer was complete, by `time.monotonic()`.
    """

    requests: int = 0
    reopened: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Take in what another client saw."""
        self.requests += other.requests
        self.reopened += other.reopened
        self.failures += other.failures
        self.seconds += other.seconds
        self.answered += other.answered

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return self.failures.total()

    @property
    def outage_seconds(self) -> float:
        """The longest time in which no client got a good answer."""
        times = sorted(self.answered)
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.seconds, n=100) if len(self.seconds) > 1 else [0.0] * 99
        times = f"p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms"
        return (
            f"{self.requests} requests, {self.failed} failed {dict(self.failures)}, {self.reopened} reopened, {times}"
        )


class Load:
    """Clients that send one request after the other until they are stopped, or the limits are reached.

    Use it as a context manager; `report` is complete after the block. Certificates are not verified.
    """

    def __init__(
        self,
        url: str,
        path: str = "/health",
        *,
        clients: int = 10,
        most: int = 200_000,
        seconds: float = 180,
        headers: Mapping[str, str] | None = None,
        strict: bool = False,
        pause: float = 0.0,
        timeout: float = TIMEOUT_SECONDS,
    ):
        """Prepare it.

        Args:
            url: where.
            path: what is asked for.
            clients: how many at a time.
            most: requests, all in all.
            seconds: after which it ends by itself.
            headers: of every request.
            strict: whether no request is ever repeated.
            pause: what each client waits between two requests, in seconds.
            timeout: how long a client waits for an answer, in seconds.
        """
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._address = (parts.hostname or "", parts.port or (443 if self._tls else 80))
        self._path, self._headers, self._strict = path, dict(headers or {}), strict
        self._pause, self._timeout = pause, timeout
        self._most, self._deadline = most // clients, time.monotonic() + seconds
        self._stop = threading.Event()
        self._reports = [Report() for _ in range(clients)]
        self._threads = [
            threading.Thread(target=self._run, args=(one, number >= SHORT_LIVED), daemon=True)
            for number, one in enumerate(self._reports)
        ]
        self.report = Report()

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(TIMEOUT_SECONDS * 2)
            assert not thread.is_alive(), "a client hangs"
        for one in self._reports:
            self.report.add(one)

    @property
    def sent(self) -> int:
        """How many requests have been sent until now."""
        return sum(one.requests for one in self._reports)

    @property
    def answered(self) -> int:
        """How many good answers there were until now."""
        return sum(len(one.answered) for one in self._reports)

    def _run(self, report: Report, keep: bool) -> None:
        connection = self._connection()
        fresh = True
        while report.requests < self._most and not self._stop.is_set() and time.monotonic() < self._deadline:
            report.requests += 1
            began = time.monotonic()
            problem = self._ask(connection)
            if problem == STALE and not fresh and not self._strict:
                report.reopened += 1
                problem = self._ask(connection)  # `close` has been called: this opens a new one
            report.seconds.append(time.monotonic() - began)
            fresh = connection.sock is None
            if problem:
                report.failures[problem] += 1
            else:
                report.answered.append(time.monotonic())
            if problem or not keep:
                connection.close()
                fresh = True
            if self._pause or not keep:
                time.sleep(self._pause or PAUSE_SECONDS)
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls:
            context = ssl._create_unverified_context()
            return http.client.HTTPSConnection(*self._address, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(*self._address, timeout=self._timeout)

    def _ask(self, connection: http.client.HTTPConnection) -> str:
        """Nothing when the answer is whole and good, STALE when the connection ended before a byte of it."""
        try:
            connection.request("GET", self._path, headers=self._headers)
            answer = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            connection.close()
            return STALE
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return type(error).__name__
        try:
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return "answer cut"
        return "" if answer.status == 200 else f"status {answer.status}"


STALE = "closed before an answer"
