"""`make drift` sees what a refresh does not: containers off their networks, and a service that answers nobody."""

from __future__ import annotations

import argparse

import pytest
from docker.errors import DockerException

from components.docker.rollout import reachability
from ops.commands import drift
from ops.exit_codes import ExitCode
from ops.report import report_files, running_state
from ops.report.change import Change
from ops.report.meaning.meaning import Meaning
from ops.report.report import Report
from ops.stack import cli, stack_settings
from tests.support import preview_events as says
from tests.support.fake_engine import SETTINGS, Many, Thing, Use, disconnect, thing

SERVICE, EDGE, CARRIER = (says.urn(what) for what in (says.SERVICE, says.EDGE, says.CARRIER))
STATE = {
    "resources": [
        {"type": running_state.CONTAINER, "urn": SERVICE, "id": "mimir-dev-1-id", "inputs": {}},
        {"type": running_state.CONTAINER, "urn": SERVICE, "id": "before-it", "inputs": {}, "delete": True},
        {"type": running_state.CONTAINER, "urn": EDGE, "id": "mimir-dev-edge-id", "inputs": {}},
        {
            "type": running_state.CONTAINER,
            "urn": CARRIER,
            "id": "mimir-dev-edge-carrier-id",
            "inputs": {"mustRun": False},
        },
        {"type": "docker:index/volume:Volume", "urn": says.urn(says.DATA)},
    ]
}


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a request through the edge meets; nothing when it gets through."""
    problem = [""]
    monkeypatch.setattr(reachability, "check_once", lambda *_: problem[0])
    return problem


def look(use: Use, *containers: Thing, known: tuple[Change, ...] = ()) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """What is found on an engine with these containers, by URN, and why the service does not answer."""
    use(Many(*containers))
    changes, errors = running_state.inspect_running("dev", SETTINGS, STATE, known)
    return {change.urn: change.paths for change in changes}, errors


def both() -> tuple[Thing, Thing]:
    """The containers of a stack that works."""
    return thing("mimir-dev-1", "service"), thing("mimir-dev-edge", "edge")


def test_a_stack_that_works_has_no_drift(use: Use, answer: list[str]) -> None:
    assert look(use, *both()) == ({}, [])


@pytest.mark.parametrize(
    ("role", "urn", "lost"),
    [
        (0, SERVICE, ("disconnected from network mimir-dev-internal",)),
        (1, EDGE, ("disconnected from network mimir-dev", "disconnected from network mimir-dev-internal")),
    ],
    ids=["application", "edge"],
)
def test_a_disconnected_container_is_drift(
    use: Use, answer: list[str], role: int, urn: str, lost: tuple[str, ...]
) -> None:
    containers = both()
    disconnect(containers[role])
    answer[0] = "503"
    assert look(use, *containers) == ({urn: lost}, []), "and explains why nobody is answered"


@pytest.mark.parametrize("status", ["paused", "exited"])
def test_a_container_that_does_not_run_is_drift(use: Use, answer: list[str], status: str) -> None:
    service, edge = both()
    edge.status = status
    assert look(use, service, edge) == ({EDGE: (f"state: {status}",)}, [])


def test_a_service_that_answers_nobody_is_an_error(use: Use, answer: list[str]) -> None:
    """As when somebody has flushed the packet filter."""
    answer[0] = "Requests to http://127.0.0.1:8080 do not get through to the application: timed out."
    assert look(use, *both()) == ({}, answer)


def test_what_a_refresh_has_found_is_not_said_twice(use: Use, answer: list[str]) -> None:
    _, edge = both()
    answer[0] = "503"
    assert look(use, edge, known=(Change(SERVICE, "delete"),)) == ({}, [])


def test_an_engine_that_fails_is_an_error(use: Use, answer: list[str]) -> None:
    engine = use(Many())

    def get(_: str) -> None:
        raise DockerException("no engine")

    engine.get = get
    assert running_state.inspect_running("dev", SETTINGS, STATE, ())[1] == [
        "The engine does not say what runs: no engine"
    ]


@pytest.mark.parametrize(("platform", "code"), [(None, ExitCode.ERROR), ("kubernetes", ExitCode.NO_CHANGE)])
def test_the_command_says_it(monkeypatch: pytest.MonkeyPatch, platform: str | None, code: ExitCode) -> None:
    from ops.report import assemble, preview_events

    reports: list[Report] = []
    clean = Report("dev", "drift", [], Meaning(), 3, "", None)

    def write(_: object, made: Report, *__: object) -> int:
        reports.append(made)
        return 0

    monkeypatch.setattr(preview_events, "workspace", lambda *_: None)
    monkeypatch.setattr(assemble, "drift", lambda *_, **__: (clean, ""))
    monkeypatch.setattr(drift, "exported", lambda _: STATE)
    monkeypatch.setattr(cli, "setting", lambda *_: platform)
    monkeypatch.setattr(stack_settings, "load_settings", lambda *_: SETTINGS)
    monkeypatch.setattr("ops.ownership.in_report.add", lambda report: report)
    monkeypatch.setattr(running_state, "inspect_running", lambda *_: ([], ["nobody is answered"]))
    monkeypatch.setattr(report_files, "write", write)
    drift.run(argparse.Namespace(stack="dev"))
    assert reports[0].code is code
