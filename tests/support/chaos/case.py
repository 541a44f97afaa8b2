"""One case of chaos: clients ask all the time, something is done to the deployment, and it is healed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from tests.support.chaos import faults
from tests.support.e2e import http
from tests.support.e2e.load import Load, Report
from tests.support.e2e.sample import new_answer
from tests.support.e2e.stack import Result, Stack, eventually

CALM_REQUESTS = 200
"""Requests before and after what is done."""

CLIENTS = 5
LIMIT_SECONDS = 180.0
"""After which the clients of a case end by themselves."""

NOTHING = "nothing to do"
AWAY = "the registry is away while a new version is deployed"


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        platform: docker or kubernetes.
        case: what was done.
        requests: how many were sent while it was done and healed.
        failed: how many of them had no good answer.
        outage_seconds: the longest time in which no client had a good answer.
        converged_by: the command after which an update has nothing to change.
    """

    platform: str
    case: str
    requests: int
    failed: int
    outage_seconds: float
    converged_by: str

    def data(self) -> dict[str, str | int | float]:
        """The row for JSON."""
        return asdict(self)


class Case:
    """A case that runs.

    Attributes:
        converged_by: what has healed it; set by `converge`.
        report: what the clients saw; complete after the block.
    """

    def __init__(self, stack: Stack, load: Load, url: str) -> None:
        self.converged_by = NOTHING
        self.report = Report()
        self._stack, self._load, self._url = stack, load, url

    def serves(self, seconds: float = 60) -> None:
        """Wait until a new client gets a good answer, and those that ask all the time have had some."""
        eventually("an answer", lambda: http.get(self._url, "/health", timeout=5).ok, seconds)
        self.answers(CALM_REQUESTS, seconds)

    def answers(self, count: int, seconds: float) -> None:
        """Wait until the clients have had `count` more good answers."""
        goal = self._load.answered + count
        eventually(f"{count} more answers", lambda: self._load.answered >= goal, seconds)

    def converge(self, by: str = NOTHING) -> Result | None:
        """Heal it with the command that is promised to do so, and see that an update then has nothing to change.

        Args:
            by: `up` or `refresh`, as in `make up`; NOTHING where it heals by itself.

        Returns:
            What the command printed; None without one.
        """
        result = None
        if by != NOTHING:
            result = self._stack.ops(by).ok()
            self.converged_by = f"`make {by}`"
        self.serves()
        self._stack.up("--expect-no-changes").ok()
        return result


@contextmanager
def clients(stack: Stack, url: str) -> Iterator[Case]:
    """Ask `url` all the time; the block does something, and ends when it is healed.

    Raises:
        AssertionError: nobody is served before it, or after it.
    """
    with Load(url, clients=CLIENTS, most=5_000_000, seconds=LIMIT_SECONDS, pause=0.005, timeout=5) as load:
        case = Case(stack, load, url)
        case.serves()
        yield case
        case.serves()
    case.report = load.report


def registry_away(case: Case, stack: Stack) -> None:
    """Deploy a new version while the registry is away, which fails and harms nobody, and again when it is back."""
    daemon = faults.registry_daemon()
    new_answer(stack.folder, "pushed when the registry is back")
    faults.kill(daemon, signal.SIGTERM)
    try:
        text = stack.ops("up").failed().text
        case.serves()
    finally:
        faults.start_again()
    assert "registry" in text and "Traceback" not in text
    case.converge("up")
