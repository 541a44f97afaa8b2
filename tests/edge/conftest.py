"""What the tests share: the edges, the sample, and a backend that records."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from components import self_signed
from components.haproxy.files import Certificate
from tests.edge.recorder import Recorder
from tests.edge.running import Edges, Running, free_port
from tests.edge.tokens import API_KEYS, SECRET

PROJECT = Path(__file__).parents[2]

SAMPLES_OWN = ["/api/v1/answer", "/api/v1/notes", "/api/v1/slow"]
"""Paths that only the sample has."""


@pytest.fixture(scope="session")
def edges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edges]:
    """Every edge of the run."""
    found = Edges(tmp_path_factory.mktemp("edges"))
    yield found
    found.stop()
    assert found.no_json == [], "lines about requests that are no JSON, whatever was asked"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the sample, as it runs in a deployment."""
    folder, port = tmp_path_factory.mktemp("sample"), free_port()
    subprocess.run(["go", "build", "-C", str(PROJECT / "sample"), "-o", str(folder / "mimir"), "."], check=True)
    work = folder / "work"
    (work / "pipelines").mkdir(parents=True)
    environment = {"PATH": os.environ["PATH"], "MIMIR_JWT_SECRET": SECRET}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [str(folder / "mimir"), "--server", str(port)], cwd=work, env=environment, stdout=log, stderr=log
        ) as process,
    ):
        _wait(port)
        yield port
        process.kill()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            requests.get(f"http://127.0.0.1:{port}/health", timeout=1).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.02)
    raise AssertionError("the sample does not answer")


@pytest.fixture(scope="session")
def _recorder() -> Iterator[Recorder]:
    with Recorder() as found:
        yield found


@pytest.fixture
def recorder(_recorder: Recorder) -> Recorder:
    """A backend that records, empty."""
    _recorder.reset()
    return _recorder


@pytest.fixture(scope="session")
def certificate() -> Certificate:
    """A certificate of localhost."""
    made = self_signed.make(["localhost", "127.0.0.1"])
    return Certificate(made["chain"], made["key"])


@pytest.fixture
def default(edges: Edges, sample: int) -> Running:
    """The edge of a stack that says nothing, in front of the sample."""
    return edges.of({}, sample)


@pytest.fixture
def guarded(edges: Edges, recorder: Recorder) -> Running:
    """An edge that wants a key, in front of the recorder."""
    return edges.of({"edge": {"authentication": {"required": True, "apiKeys": API_KEYS}}}, recorder.port)
