"""The platform-neutral description of the health probe; each platform renders it."""

from __future__ import annotations

from dataclasses import dataclass

PROBE_BINARY = "/probe"
"""The static probe in the image (`container/probe`): a scratch image has no shell and no wget."""

START_INTERVAL_SECONDS = 1
"""Interval between probes during the start, on platforms with a separate start interval."""

READINESS_INTERVAL_SECONDS = 5
"""Maximum interval between readiness checks. A process stops receiving requests before it is restarted.

A single late response does not cause a restart.
"""


@dataclass(frozen=True)
class Probe:
    """An HTTP health probe (plan: Monitoring & Logging, Health Checks).

    Attributes:
        path: HTTP path that returns 200 if the process can serve requests.
        port: TCP port of the server.
        interval_seconds: interval between two probes.
        timeout_seconds: maximum time for a response.
        retries: consecutive failures after which it is unhealthy.
        start_period_seconds: time after the start in which failures do not count.
    """

    path: str
    port: int
    interval_seconds: int
    timeout_seconds: int
    retries: int
    start_period_seconds: int

    @property
    def url(self) -> str:
        """The URL of the probe, from inside the container."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    @property
    def command(self) -> tuple[str, ...]:
        """The probe as a command in the container.

        Its timeout is one second shorter than the platform's, so that the reason is part of the result.
        """
        return (PROBE_BINARY, "http", "--timeout", f"{max(1, self.timeout_seconds - 1)}s", self.url)

    @property
    def deadline_seconds(self) -> int:
        """Time after which a start that is not healthy has failed.

        A healthy process passes its first probe, which an engine without a start interval (before Docker 25) runs only
        after a full interval; the retries are for the other cases.
        """
        return self.start_period_seconds + self.retries * (self.interval_seconds + self.timeout_seconds)
