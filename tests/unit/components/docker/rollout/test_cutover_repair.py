"""The cutover starts, limits and repairs the edge container, or says why it cannot."""

from __future__ import annotations

import pytest
from docker.errors import APIError, DockerException

from components.docker.rollout.cutover import CutoverFailed, cut_over
from tests.support.fake_engine import SETTINGS, Many, Use
from tests.support.fake_haproxy import (
    EDGE,
    FILES,
    LIMITS,
    STOPPED,
    Haproxy,
    cutover_error,
    no_exec,
    run_cutover,
)

pytestmark = pytest.mark.usefixtures("clock", "checked", "lost")


def test_its_processes_are_limited_too(use: Use) -> None:
    edge = Haproxy("new")
    edge.attrs["HostConfig"] = {**LIMITS, "PidsLimit": None}
    run_cutover(use, edge)
    assert edge.api.posted == [("/containers/edge-id/update", LIMITS)]


def test_another_limit_of_its_cpus_replaces_nothing(use: Use) -> None:
    """The provider calls it an update, and makes none; a new edge would close the port."""
    edge = Haproxy("new")
    edge.attrs["HostConfig"] = {**LIMITS, "CpuQuota": 50_000}
    run_cutover(use, edge)
    assert edge.api.posted == [("/containers/edge-id/update", LIMITS)]


def test_an_edge_that_is_gone_is_made_anew_by_a_refresh(use: Use) -> None:
    use(Many())
    with pytest.raises(CutoverFailed, match=r"mimir-dev-edge was removed .*pulumi up --refresh"):
        cut_over(SETTINGS, EDGE, "edge-id", FILES, "mimir-dev-2-id")


def test_an_engine_that_fails_is_named(use: Use) -> None:
    edge = Haproxy("old")
    edge.reload_answers = [DockerException("no engine")]
    text = cutover_error(use, edge)
    assert "mimir-dev-edge" in text
    assert "no engine" in text


@pytest.mark.parametrize("status", ["created", "exited"])
def test_an_edge_that_does_not_run_is_started(use: Use, status: str) -> None:
    """Its port was taken, say, or the engine was restarted; Pulumi has it in its state, and would leave it at that."""
    edge = Haproxy("", STOPPED, "new")
    edge.status = status
    assert run_cutover(use, edge) == "edge-id"
    assert edge.done == ["start"]
    assert edge.reloads == [], "it reads its files by itself"


def test_an_edge_that_cannot_be_started_says_why(use: Use) -> None:
    edge = Haproxy("")
    edge.status = "exited"

    def start() -> None:
        raise APIError("500 Server Error", explanation="port is already allocated")

    edge.start = start  # type: ignore[method-assign]
    text = cutover_error(use, edge)
    assert "mimir-dev-edge" in text and "port is already allocated" in text


def test_a_dead_edge_is_called_dead(use: Use) -> None:
    edge = no_exec("dead")
    text = cutover_error(use, edge)
    assert "mimir-dev-edge is dead, not running" in text
    assert "docker logs mimir-dev-edge" in text
    assert "pulumi up --refresh" in text


def test_a_paused_edge_is_called_paused(use: Use) -> None:
    text = cutover_error(use, no_exec("paused"))
    assert text == "mimir-dev-edge is paused and answers no request: docker unpause mimir-dev-edge"


def test_an_edge_that_is_being_restarted_reads_its_new_files_by_itself(use: Use) -> None:
    edge = no_exec("restarting")
    edge.left = ["", STOPPED, "new"]
    assert run_cutover(use, edge) == "edge-id"
