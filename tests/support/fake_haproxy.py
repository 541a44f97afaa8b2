"""A fake edge container, and the cutover to it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pulumi
import pytest
from docker.errors import APIError

from components.docker.rollout import cutover
from components.docker.rollout.cutover import CutoverFailed, cut_over
from components.edge import edge_spec as edges
from components.edge.haproxy.files import Files
from tests.support.fake_engine import MIMIR, SETTINGS, Many, Thing, Use

EDGE = edges.describe(SETTINGS, MIMIR)
STOPPED = APIError("409 Client Error", explanation="container is not running")
FILES = Files({"haproxy.cfg": "global"}, {"keys.map": "# none"}, "new")
LIMITS = {"PidsLimit": cutover.PIDS_LIMIT, "CpuPeriod": 100_000, "CpuQuota": 100_000}
KILL, SHELL = ["kill", "-USR2", "1"], ["sh", "-c", "kill -USR2 1"]
NO_SUCH_COMMAND = (127, b'exec: "kill": executable file not found in $PATH')


class Haproxy(Thing):
    """The edge's container: each question about its files in effect has the next of these answers."""

    def __init__(self, *digests: str | Exception, old_workers: float = 0) -> None:
        super().__init__({"HostConfig": LIMITS}, {"io.mimir.role": "edge"})
        self.name, self.id, self.status = "mimir-dev-edge", "edge-id", "running"
        self.left, self.old_workers = [*digests], old_workers
        self.reloads: list[Sequence[str]] = []
        self.reload_answers: list[tuple[int, bytes] | Exception] = [(0, b"")]

    def exec_run(self, command: Sequence[str]) -> tuple[int, bytes]:
        if "-USR2" in " ".join(command):
            self.reloads.append(command)
            answer = self.reload_answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        assert command[-1] == "http://127.0.0.1:9090/configuration"
        now = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(now, Exception):
            raise now
        return (0, now.encode()) if now else (1, b"connection refused")

    def top(self) -> dict[str, Any]:
        old = [["9", "haproxy -sf 7"]] if time.monotonic() < self.old_workers else []
        return {"Processes": [["1", "haproxy -W"], ["7", "haproxy -W"], *old, ["11", "wget"]]}


def run_cutover(use: Use, edge: Haproxy, *others: Thing) -> str:
    """Cut over to the files `new`, with `mimir-dev-2` serving from now on."""
    use(Many(edge, *others))
    return cut_over(SETTINGS, EDGE, "edge-id", FILES, "mimir-dev-2-id")


def cutover_error(use: Use, edge: Haproxy) -> str:
    """The error text of a failed cutover; never with a traceback."""
    with pytest.raises(CutoverFailed) as caught:
        run_cutover(use, edge)
    assert isinstance(caught.value, pulumi.RunError), "no traceback for a user"
    return str(caught.value)


def no_exec(status: str) -> Haproxy:
    """An edge of the files before, in which nothing can be run."""
    edge = Haproxy("old")
    edge.status, edge.reload_answers = status, [STOPPED]
    return edge
