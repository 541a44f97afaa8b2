"""Verification after every update: the limits and the configuration of the running container are in effect."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pulumi
import pytest
import requests
from docker.errors import APIError, DockerException, NotFound

from components.docker.rollout import verification, written_files
from components.docker.rollout.verification import VerificationFailed
from components.settings import Settings
from tests.support.fake_engine import MIMIR, SETTINGS, Thing, Use, disconnect

DROPPED = (1, b'logging.level: "debug", expected "info"\n')
RUNNING = {"State": {"Status": "running", "Running": True, "Restarting": False}}
LIMITS = {"PidsLimit": 256, "CpuPeriod": 100_000, "CpuQuota": 100_000}
STOPPED = APIError("409 Client Error", explanation="container id is not running")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits in a test, unless it is about waiting."""
    monkeypatch.setattr(verification, "PROBE_TIMEOUT_SECONDS", 0.0)
    monkeypatch.setattr(time, "sleep", lambda _: None)


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the configuration file was lost, and is written again."""
    lost = [False]
    monkeypatch.setattr(written_files, "restore", lambda *_: lost[0])
    return lost


def refused() -> str:
    """What a user reads when verification fails; never with a traceback."""
    with pytest.raises(VerificationFailed) as caught:
        verification.verify_deployment(SETTINGS, MIMIR, "id", "mimir-dev")
    assert isinstance(caught.value, pulumi.RunError), "no traceback for a user"
    return str(caught.value)


def answers(container: Thing, *results: tuple[int, bytes] | Exception) -> None:
    """Make the probe in the container return these results one after the other, and the last one from then on."""
    left = [*results]

    def exec_run(command: Sequence[str]) -> tuple[int, bytes]:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Exception):
            raise now
        return now

    container.exec_run = exec_run  # type: ignore[method-assign]


@pytest.mark.parametrize("differs", [{"PidsLimit": None}, {"CpuQuota": 50_000}, {"CpuPeriod": 0}], ids=str)
def test_the_limits_that_the_provider_does_not_set_are_set_where_they_differ(use: Use, differs: dict[str, Any]) -> None:
    container = use(Thing({"HostConfig": {**LIMITS, **differs}}))
    assert verification.verify_deployment(SETTINGS, MIMIR, "id", "mimir-dev") == "id"
    assert container.api.posted == [("/containers/id/update", LIMITS)]


def test_and_left_alone_where_they_do_not(use: Use) -> None:
    container = use(Thing({"HostConfig": LIMITS}))
    verification.verify_deployment(SETTINGS, MIMIR, "id", "mimir-dev")
    assert container.api.posted == []


def test_the_probe_in_the_container_compares_the_configuration(use: Use) -> None:
    container = use(Thing())
    verification.verify_deployment(SETTINGS, MIMIR, "id", "mimir-dev")
    assert container.executed[:2] == ["/probe", "config"]
    assert container.executed[-1] == "http://127.0.0.1:8080/api/v1/config"
    expected = [
        argument
        for before, argument in zip(container.executed, container.executed[1:], strict=False)
        if before == "--expect"
    ]
    assert expected == [f"{key}={value}" for key, value in MIMIR.config.expected.items()]
    assert "logging.level=info" in expected


def test_a_configuration_that_was_dropped_fails_the_update(use: Use) -> None:
    use(Thing(RUNNING)).output = DROPPED
    text = refused()
    assert 'logging.level: "debug", expected "info"' in text
    assert "mimir-dev" in text
    assert "docker cp mimir-dev:/app/data" in text
    assert "make refresh" in text, "an earlier release deployed a new file without a new container"


def test_nothing_but_the_probes_words_is_repeated(use: Use) -> None:
    container = use(Thing({**RUNNING, "Config": {"Env": ["MIMIR_JWT_SECRET=geheim"]}}))
    container.output = (1, b"plugins.plugin_configs.config_digest: missing")
    assert "geheim" not in refused()


def test_a_probe_that_fails_in_silence_fails_the_update(use: Use) -> None:
    use(Thing(RUNNING)).output = (137, b"")
    assert "137" in refused()


@pytest.mark.parametrize("first", [DROPPED, STOPPED], ids=["not up yet", "being restarted"])
def test_a_process_that_is_just_coming_back_is_waited_for(
    use: Use, monkeypatch: pytest.MonkeyPatch, first: tuple[int, bytes] | Exception
) -> None:
    monkeypatch.setattr(verification, "PROBE_TIMEOUT_SECONDS", 60.0)
    answers(use(Thing(RUNNING)), first, first, (0, b""))
    assert verification.verify_deployment(SETTINGS, MIMIR, "id", "mimir-dev") == "id"


def test_the_wait_has_an_end(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "PROBE_TIMEOUT_SECONDS", 10.0)
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.append(now.pop() + seconds))
    answers(use(Thing(RUNNING)), DROPPED)
    assert "not in effect" in refused()
    assert 10.0 <= now[0] <= 12.0


@pytest.mark.parametrize(
    ("config", "network_name", "aliases"),
    [
        ({}, "mimir-dev-internal", ["application"]),
        ({"network": {"egress": [{"cidr": "10.0.0.0/8"}]}}, "mimir-dev", ["application"]),
        ({"liveReload": True}, "mimir-dev", ["application"]),
        ({"edge": {"kind": "none"}}, "mimir-dev", None),
    ],
    ids=["isolated", "egress", "development mode", "no edge"],
)
def test_a_container_that_was_disconnected_is_connected_under_its_names(
    use: Use, config: dict[str, Any], network_name: str, aliases: list[str] | None
) -> None:
    container = use(Thing(RUNNING))
    network = disconnect(container)
    settings = Settings.model_validate({"docker": {"host": "unix:///fake.sock"}, **config})
    assert verification.verify_deployment(settings, MIMIR, "id", "mimir-dev") == "id"
    assert network.connected == [(network_name, container, aliases)]


def test_a_container_that_was_renamed_has_its_name_again(use: Use) -> None:
    container = use(Thing(RUNNING))
    container.name = "somebody-elses-idea"
    verification.verify_deployment(SETTINGS, MIMIR, "id", "mimir-dev")
    assert container.name == "mimir-dev"
    assert container.done == ["rename"]


def test_a_name_that_another_container_has_by_now_is_left_to_it(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    container = use(Thing(RUNNING))
    container.name = "somebody-elses-idea"
    response = requests.Response()
    response.status_code = 409

    def rename(_: str) -> None:
        raise APIError("409 Client Error: Conflict", response)

    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    container.rename = rename
    assert verification.verify_deployment(SETTINGS, MIMIR, "id", "mimir-dev") == "id"
    assert "mimir-dev was renamed to somebody-elses-idea" in warnings[0]


def test_a_process_that_started_without_its_file_is_restarted_with_it(use: Use, restored: list[bool]) -> None:
    container = use(Thing(RUNNING))
    restored[0] = True
    answers(container, DROPPED, (0, b""))
    assert verification.verify_deployment(SETTINGS, MIMIR, "id", "mimir-dev") == "id"
    assert container.done == ["restart within 40 s"]


def test_a_process_that_has_read_its_file_before_it_was_lost_serves_on(use: Use, restored: list[bool]) -> None:
    container = use(Thing(RUNNING))
    restored[0] = True
    verification.verify_deployment(SETTINGS, MIMIR, "id", "mimir-dev")
    assert container.done == []


@pytest.mark.parametrize("status", ["created", "exited"])
def test_a_stopped_container_is_started_and_waited_for(use: Use, status: str) -> None:
    container = use(Thing({"State": {"Status": status, "Running": False, "Restarting": False}}))
    answers(container, DROPPED, DROPPED, (0, b""))
    assert verification.verify_deployment(SETTINGS, MIMIR, "id", "mimir-dev") == "id"
    assert container.done == ["start"]


def test_a_container_that_ends_again_is_not_waited_for(use: Use) -> None:
    container = use(Thing({"State": {"Status": "exited", "Running": False, "Restarting": False}}))
    answers(container, STOPPED)
    container.reload = lambda: setattr(container, "status", "exited")
    text = refused()
    assert "mimir-dev is exited, not running" in text
    assert "docker logs mimir-dev" in text
    assert "pulumi up --refresh" in text


def test_a_crash_loop_is_called_one(use: Use) -> None:
    answers(use(Thing({"State": {"Status": "restarting", "Running": True, "Restarting": True}})), STOPPED)
    assert "mimir-dev is restarting, not running" in refused()


def test_a_paused_container_is_called_paused(use: Use) -> None:
    state = {"Status": "paused", "Running": True, "Restarting": False, "Paused": True}
    answers(use(Thing({"State": state})), STOPPED)
    assert refused() == "mimir-dev is paused and answers no request: docker unpause mimir-dev"


def test_an_engine_that_refuses_without_a_word_fails_the_verification(use: Use) -> None:
    answers(use(Thing(RUNNING)), APIError("502 Server Error", explanation=""))
    assert refused()


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_container_that_is_gone_is_made_anew_by_a_refresh(use: Use, when: str) -> None:
    container = use(Thing(RUNNING))

    def gone(*_: object) -> None:
        raise NotFound("No such container", explanation="No such container: id")

    if when == "before":
        container.get = gone
    else:
        answers(container, NotFound("No such container", explanation="No such container: id"))
        container.reload = gone
    text = refused()
    assert "mimir-dev was removed" in text
    assert "pulumi up --refresh" in text


@pytest.mark.parametrize(
    "error",
    [DockerException("no engine"), APIError("500 Server Error"), requests.ConnectionError("gone")],
    ids=lambda error: type(error).__name__,
)
def test_an_engine_that_fails_is_named(use: Use, error: Exception) -> None:
    def get(_: str) -> None:
        raise error

    use(Thing()).get = get
    text = refused()
    assert "mimir-dev" in text
    assert str(error) in text
