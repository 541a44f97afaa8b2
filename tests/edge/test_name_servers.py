"""The edge and the DNS: what is alive gets requests, whatever the name servers do.

Every time of the `resolvers` section runs a hundred times faster here, so that a second stands for minutes, and the
proportions are those of a deployment.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from components.edge.haproxy.backend import Backend
from tests.support.e2e.stack import eventually
from tests.support.edge.name_server import Fault, NameServer
from tests.support.edge.recorder import Recorder, named
from tests.support.edge.running import Running, start

PATH = "/api/v1/pipelines"
FASTER = 100
OUTAGE_SECONDS = 1.0
"""Of this machine's clock: a hundred seconds of the edge's, more than three times HAProxy's default of 30 s."""

UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
FIRST, SECOND = "127.0.0.1", "127.0.0.2"
QUICK = {"probe": {"intervalSeconds": 1, "timeoutSeconds": 1, "retries": 2}}


@pytest.fixture
def first() -> Iterator[Recorder]:
    with Recorder(FIRST) as found:
        found.answer = named("first")
        yield found


@pytest.fixture
def second(first: Recorder) -> Iterator[Recorder]:
    """Another process of the application, on the same port of another address, as pods are."""
    with Recorder(SECOND, first.port) as found:
        found.answer = named("second")
        yield found


@pytest.fixture
def names() -> Iterator[NameServer]:
    with NameServer(FIRST) as found:
        yield found


@pytest.fixture(params=["replicas", "one server"])
def running(request: pytest.FixtureRequest, first: Recorder, names: NameServer, tmp_path: Path) -> Iterator[Running]:
    """The edge as it is in a cluster, or on an engine, in front of the process that the name server knows."""
    backend = Backend("pods.test", first.port, max_replicas=3 if request.param == "replicas" else 1)
    with_name_server = f"nameserver test 127.0.0.1:{names.port}"
    edge = start(
        QUICK,
        [first.port],
        tmp_path / "edge",
        backend=backend,
        rewrite=lambda text: _faster(text).replace("parse-resolv-conf", with_name_server).replace("libc,", ""),
    )
    try:
        eventually("the edge finds the process", lambda: edge.ask(PATH).status_code == 200, 10)
        yield edge
    finally:
        edge.process.kill()
        edge.process.wait()


def _faster(text: str) -> str:
    """The configuration with a `resolvers` section that runs faster."""
    before, section, after = re.split(r"(?ms)^(resolvers .*?\n)(?=\n)", text, maxsplit=1)
    quick = re.sub(
        r"(?m)^(  (?:hold|timeout) \w+) (\d+)(ms|s|m|h|d)$",
        lambda line: f"{line[1]} {int(line[2]) * UNITS[line[3]] // FASTER}ms",
        section,
    )
    assert quick.count("ms\n") == 8, quick
    return before + quick + after


def _both_serve(running: Running, names: NameServer) -> None:
    """Wait until the edge knows both, and sends requests to each."""
    names.recover(FIRST, SECOND)
    eventually("both serve", lambda: _who(running) == {"first", "second"})


def _answers_during(running: Running, names: NameServer) -> set[int]:
    """Statuses of the requests of a whole outage."""
    statuses, deadline = set(), time.monotonic() + OUTAGE_SECONDS
    while time.monotonic() < deadline:
        statuses.add(running.ask(PATH).status_code)
    assert names.failed > 10, "the edge goes on asking"
    return statuses


@pytest.mark.parametrize("fault", get_args(Fault))
def test_what_is_alive_serves_while_the_name_server_fails(running: Running, names: NameServer, fault: Fault) -> None:
    names.fail(fault)
    assert _answers_during(running, names) == {200}


@pytest.mark.parametrize("running", ["replicas"], indirect=True)
class TestPods:
    """Several addresses under one name."""

    def test_one_that_ends_during_an_outage_gets_nothing_more(
        self, running: Running, names: NameServer, first: Recorder, second: Recorder
    ) -> None:
        """Health checks and failed connections find that out, without the DNS."""
        _both_serve(running, names)
        names.fail("timeout")
        first.end()
        assert _answers_during(running, names) == {200}
        assert _who(running) == {"second"}

    def test_one_that_is_not_well_during_an_outage_gets_nothing_more(
        self, running: Running, names: NameServer, first: Recorder, second: Recorder
    ) -> None:
        _both_serve(running, names)
        names.fail("servfail")
        first.healthy = False
        eventually("the other one gets everything", lambda: _who(running) == {"second"})

    def test_an_address_that_answers_but_not_as_the_application_gets_nothing(
        self, running: Running, names: NameServer, first: Recorder, second: Recorder
    ) -> None:
        """An address may belong to another pod by the end of an outage."""
        _both_serve(running, names)
        names.fail("timeout")
        first.end()
        eventually("the check notices", lambda: _up(running) == 1)
        with Recorder(FIRST, first.port) as foreign:
            foreign.healthy = False  # no such path
            assert _answers_during(running, names) == {200}
            assert foreign.requests == []

    def test_new_ones_are_known_as_soon_as_the_outage_is_over(
        self, running: Running, names: NameServer, first: Recorder, second: Recorder
    ) -> None:
        """And those that no longer exist make room for them."""
        names.fail("nxdomain")
        assert _answers_during(running, names) == {200}
        names.recover(SECOND)
        eventually("only the new one serves", lambda: _who(running) == {"second"}, 5)
        assert first.healthy, "it is alive, and no pod of the application any more"

    def test_without_an_outage_what_the_name_server_drops_gets_nothing_more(
        self, running: Running, names: NameServer, first: Recorder, second: Recorder
    ) -> None:
        _both_serve(running, names)
        names.recover(SECOND)
        eventually("the dropped one gets nothing", lambda: _who(running) == {"second"}, 5)

    def test_an_edge_says_that_nothing_is_alive(self, running: Running, names: NameServer, first: Recorder) -> None:
        """Which is what a deployment asks before it calls itself done (`/started`)."""
        assert running.figures("/started") == "started"
        names.fail("timeout")
        first.healthy = False
        eventually("it says so", lambda: running.figures("/started") == "no replica yet", 10)
        assert running.ask(PATH).status_code == 503


def _who(running: Running) -> set[str]:
    """Who answers a handful of clients."""
    return {str(running.ask(PATH).json().get("name")) for _ in range(8)}


def _up(running: Running) -> int:
    """How many servers are up."""
    return len(
        re.findall(r'(?m)^haproxy_server_status\{proxy="application",server="[^"]+",state="UP"\} 1$', running.figures())
    )
