"""The oldest supported Docker engine (toolchain.versions.ENGINE_OLDEST): what newer ones do differently stays true."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from components.docker.engine.engine import Engine
from tests.e2e.conftest import NewStack
from tests.support.e2e import http
from tests.support.e2e.load import Load
from tests.support.e2e.stack import Stack, eventually
from toolchain import versions
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.services.engine_daemon import EngineDaemon
from toolchain.services.engine_daemon import oldest as oldest_release
from toolchain.services.oldest_engine import VARIABLE
from toolchain.services.process import identity

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def oldest() -> docker.DockerClient:
    """The engine, which `make e2e` starts beside today's."""
    host = os.environ.get(VARIABLE)
    if not host:
        pytest.skip(f"{VARIABLE} is not set: python3 -m toolchain ensure --group oldest-engine (as root, on Debian)")
    client = docker.DockerClient(base_url=host)
    assert client.version()["Version"].startswith(f"{versions.ENGINE_OLDEST}."), "another release than the oldest"
    return client


@pytest.fixture(scope="module")
def stack(new_stack: NewStack, oldest: docker.DockerClient) -> Iterator[Stack]:
    stack = new_stack(docker={"host": os.environ[VARIABLE]})
    stack.up().ok()
    yield stack


def test_it_deploys_and_the_service_answers(stack: Stack, oldest: docker.DockerClient) -> None:
    outputs = stack.outputs()
    assert http.get(outputs["url"], "/health").json()["status"] == "healthy"
    container = oldest.containers.get(outputs["container"])
    assert container.attrs["State"]["Health"]["Status"] == "healthy"
    assert container.attrs["HostConfig"]["ReadonlyRootfs"] is True


def test_no_start_interval_is_asked_of_an_engine_that_has_none(stack: Stack, oldest: docker.DockerClient) -> None:
    """An engine ignores what it does not know, and the provider would then see a change at every update."""
    major, minor = map(int, oldest.version()["ApiVersion"].split("."))
    assert not Engine((major, minor)).has_start_interval
    container = oldest.containers.get(stack.outputs()["container"])
    assert "StartInterval" not in container.attrs["Config"]["Healthcheck"]
    stack.up("--expect-no-changes").ok()


def test_a_new_version_replaces_the_old_one_without_a_failed_request(stack: Stack, oldest: docker.DockerClient) -> None:
    before = stack.outputs()
    with Load(before["url"]) as load:
        stack.write(environment={"logLevel": "WARN"})
        stack.up().ok()
    after = stack.outputs()
    assert after["container"] != before["container"]
    assert load.report.failed == 0, load.report
    assert [container.name for container in oldest.containers.list(filters=stack.mine)].count(before["container"]) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_all_of_it_is_back_when_the_engine_is(stack: Stack, how: signal.Signals) -> None:
    """Also an edge that was reloaded. An engine that was killed counts its containers as stopped by hand."""
    stack.write(edge={"corsOrigins": [f"https://{how.name.lower()}.example.com"]})
    stack.up().ok()
    engine = EngineDaemon(Machine.of(Layout.of(Path.cwd(), os.environ), os.environ), oldest_release())
    process = engine.daemon.running()
    assert process is not None
    os.kill(process.pid, how)
    eventually("the end of the engine", lambda: identity(process.pid) != process, 90)
    engine.start()
    url = stack.outputs()["url"]
    eventually("the service", lambda: http.get(url, "/health").ok, 60)
    stack.up("--expect-no-changes").ok()
