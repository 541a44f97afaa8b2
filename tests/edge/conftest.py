"""What the tests share: the edges, the sample, and a backend that records."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from components.edge import self_signed
from components.edge.haproxy.files import Certificate
from tests.support.edge import sample as samples
from tests.support.edge.recorder import Recorder
from tests.support.edge.running import Edges, Running
from tests.support.edge.tokens import API_KEYS, SECRET


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
    with samples.running(tmp_path_factory.mktemp("sample"), {"MIMIR_JWT_SECRET": SECRET}) as port:
        yield port


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
