"""A stack on the Docker engine: what an operator, a neighbour or a power failure does to it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import docker
import pytest
from docker.models.containers import Container

from tests.chaos.conftest import NewCase
from tests.e2e.conftest import NewStack
from tests.support.chaos import faults
from tests.support.chaos.case import AWAY, NOTHING, Case, registry_away
from tests.support.e2e.sample import new_answer
from tests.support.e2e.stack import Stack, eventually, kill_group

pytestmark = pytest.mark.e2e

PLATFORM = "docker"
BACK_SECONDS = 90


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Iterator[Stack]:
    stack = new_stack()
    stack.up().ok()
    yield stack


def container(stack: Stack, engine: docker.DockerClient, role: str) -> Container:
    """The container that serves, or the edge."""
    return engine.containers.get(stack.outputs()["edge" if role == "edge" else "container"])


@pytest.mark.parametrize("role", ["application", "edge"])
def test_a_process_that_is_killed_is_started_again(
    stack: Stack, engine: docker.DockerClient, new_case: NewCase, role: str
) -> None:
    killed = container(stack, engine, role)
    restarts: int = killed.attrs["RestartCount"]
    with new_case(PLATFORM, f"kill -9 of the {role}", stack, stack.outputs()["url"], None) as case:
        os.kill(killed.attrs["State"]["Pid"], signal.SIGKILL)

        def restarted() -> bool:
            killed.reload()
            count: int = killed.attrs["RestartCount"]
            return count > restarts

        eventually("the restart", restarted)
        case.converge()


def rename(stack: Stack, engine: docker.DockerClient) -> None:
    """What serves gets another name."""
    serving = container(stack, engine, "application")
    serving.rename(f"{serving.name}-renamed")


def disconnect(stack: Stack, engine: docker.DockerClient) -> None:
    """What serves loses its network."""
    serving = container(stack, engine, "application")
    for network in list(serving.attrs["NetworkSettings"]["Networks"]):
        engine.networks.get(network).disconnect(serving)


def stop_edge(stack: Stack, engine: docker.DockerClient) -> None:
    """`docker stop` of the edge."""
    container(stack, engine, "edge").stop()


def remove_edge(stack: Stack, engine: docker.DockerClient) -> None:
    """`docker rm -f` of the edge."""
    container(stack, engine, "edge").remove(force=True)


def remove_application(stack: Stack, engine: docker.DockerClient) -> None:
    """`docker rm -f` of the application's container."""
    container(stack, engine, "application").remove(force=True)


@pytest.mark.parametrize(
    ("fault", "by", "most_failed"),
    [
        (rename, "up", 0),
        (disconnect, "up", None),
        (stop_edge, "up", None),
        (remove_edge, "refresh", None),
        (remove_application, "refresh", None),
    ],
    ids=["rename", "disconnect", "stop-edge", "remove-edge", "remove-application"],
)
def test_what_somebody_did_is_healed_by_one_command(
    stack: Stack,
    engine: docker.DockerClient,
    new_case: NewCase,
    fault: Callable[[Stack, docker.DockerClient], None],
    by: str,
    most_failed: int | None,
) -> None:
    name = str(fault.__doc__).rstrip(".")
    with new_case(PLATFORM, name, stack, stack.outputs()["url"], most_failed) as case:
        fault(stack, engine)
        case.converge(by)


def test_a_paused_application_is_called_paused(stack: Stack, engine: docker.DockerClient, new_case: NewCase) -> None:
    serving = container(stack, engine, "application")
    with new_case(PLATFORM, "docker pause of the application", stack, stack.outputs()["url"], None) as case:
        serving.pause()
        try:
            text = stack.ops("up").failed().text
        finally:
            serving.unpause()
        assert f"docker unpause {serving.name}" in text
        case.converge()
        case.converged_by = "`docker unpause`, which `make up` names"


@pytest.mark.alone
def test_a_registry_that_is_away_harms_nobody(stack: Stack, new_case: NewCase) -> None:
    with new_case(PLATFORM, AWAY, stack, stack.outputs()["url"]) as case:
        registry_away(case, stack)


def test_a_state_that_is_away_harms_nobody(stack: Stack, new_case: NewCase) -> None:
    with new_case(PLATFORM, "the state is away", stack, stack.outputs()["url"]) as case:
        away = stack.backend.with_name("away")
        stack.backend.rename(away)
        try:
            text = stack.ops("up").failed().text
        finally:
            if stack.backend.exists():
                stack.backend.rename(stack.backend.with_name("made-meanwhile"))
            away.rename(stack.backend)
        assert "Traceback" not in text
        case.converge()


@pytest.mark.alone
@pytest.mark.parametrize("how", ["restart", "kill", "power"])
def test_all_of_it_is_back_when_the_engine_is(stack: Stack, new_case: NewCase, how: str) -> None:
    built = faults.built_engine()
    name = {"restart": "restart of the engine", "kill": "kill -9 of the engine", "power": "power failure"}[how]
    with new_case(PLATFORM, name, stack, stack.outputs()["url"], None) as case:
        if how == "power":
            faults.crash_engine(built)
        else:
            faults.kill(built.daemon, signal.SIGTERM if how == "restart" else signal.SIGKILL)
        faults.start_again()
        case.serves(BACK_SECONDS)
        case.converge(NOTHING)


@pytest.mark.alone
@pytest.mark.parametrize(("role", "number"), [("trial", 1), ("service", 2)], ids=["trial", "replacement"])
def test_an_engine_killed_during_an_update_loses_nothing(
    stack: Stack, engine: docker.DockerClient, new_case: NewCase, role: str, number: int
) -> None:
    built = faults.built_engine()
    phase = {"trial": "trial", "service": "replacement"}[role]
    with new_case(
        PLATFORM, f"kill -9 of the engine during an update's {phase}", stack, stack.outputs()["url"], None
    ) as case:
        new_answer(stack.folder, f"killed with the engine in its {phase}")
        update = stack.start_up()

        def reached() -> bool:
            labels: list[str] = [stack.mine["label"], f"io.mimir.role={role}"]
            return len(engine.containers.list(all=True, filters={"label": labels})) >= number

        try:
            eventually(f"{number} of {role}", reached, 120)
            faults.kill(built.daemon, signal.SIGKILL)
            assert update.wait(120) != 0
        finally:
            kill_group(update)
            faults.start_again()
        case.serves(BACK_SECONDS)
        case.converge("up")


@pytest.mark.alone
def test_a_flushed_packet_filter_is_found(stack: Stack, engine: docker.DockerClient, new_case: NewCase) -> None:
    """The engine makes its rules when it starts, and never looks at them again."""
    built = faults.built_engine()
    with new_case(PLATFORM, "the engine's packet filter rules flushed", stack, stack.outputs()["url"], None) as case:
        flushed = _flush_forwarding()
        try:
            unserved = not _is_served(case)
            result = stack.ops("up")
            assert (result.code != 0) is unserved, "success is never said while nobody is served"
        finally:
            if flushed:
                faults.kill(built.daemon, signal.SIGTERM)
                faults.start_again()
        case.serves(BACK_SECONDS)
        case.converge()
        case.converged_by = "restart of the engine"


def _flush_forwarding() -> list[str]:
    """Empty the engine's chains; their names."""
    rules = subprocess.run(["iptables", "-w", "-S"], capture_output=True, text=True, check=True).stdout
    chains = [line.split()[1] for line in rules.splitlines() if line.startswith("-N DOCKER")]
    for chain in chains:
        subprocess.run(["iptables", "-w", "-F", chain], check=True)
    return chains


def _is_served(case: Case) -> bool:
    try:
        case.serves(10)
    except AssertionError:
        return False
    return True
