"""The health probe as data; each platform renders it in its own terms."""

from __future__ import annotations

from dataclasses import dataclass

PROBE_BINARY = "/probe"
"""The static probe in the image (`container/probe`): a scratch image has no shell and no wget."""

START_INTERVAL_SECONDS = 1
"""Time between probes during the start, where the platform can tell the start from the rest."""

READINESS_INTERVAL_SECONDS = 5
"""Most time between two questions of whoever sends requests: it leaves a process alone sooner than that is restarted.

An answer that is late for a moment costs no restart.
"""


@dataclass(frozen=True)
class Probe:
    """An HTTP health probe (plan: Monitoring & Logging, Health Checks).

    Attributes:
        path: HTTP path that answers 200 when the process serves.
        port: TCP port that it asks.
        interval_seconds: time between two probes.
        timeout_seconds: time for an answer.
        retries: failures in a row that make it unhealthy.
        start_period_seconds: time for the start in which failures do not count.
    """

    path: str
    port: int
    interval_seconds: int
    timeout_seconds: int
    retries: int
    start_period_seconds: int

    @property
    def url(self) -> str:
        """What the probe asks, from inside the container."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    @property
    def command(self) -> tuple[str, ...]:
        """The probe as a command in the container.

        It gives up a second before the platform would kill it, so that its reason is kept with the result.
        """
        return (PROBE_BINARY, "http", "--timeout", f"{max(1, self.timeout_seconds - 1)}s", self.url)

    @property
    def deadline_seconds(self) -> int:
        """When a start that is still not healthy has failed.

        A healthy process passes its first probe, which an engine without a start interval (before Docker 25) makes
        only after a whole interval; the retries are for the others.
        """
        return self.start_period_seconds + self.retries * (self.interval_seconds + self.timeout_seconds)
