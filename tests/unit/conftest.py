"""What several test files start from: the committed stacks, each run once, and sources under version control."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import fake_engine, program, repositories
from tests.support.fake_cluster import Api
from tests.support.fake_engine import Use
from tests.support.program import Run
from toolchain.cluster_context import VARIABLE


@pytest.fixture(autouse=True)
def no_named_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user, or a workflow, may name a cluster for the end-to-end tests."""
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture(scope="session")
def dev() -> Run:
    """The committed stack `dev`."""
    return program.run(program.stack_config("dev"))


@pytest.fixture(scope="session")
def single() -> Run:
    """The plan's production on a single host."""
    return program.production_on_an_engine()


@pytest.fixture(params=["dev", "single"])
def on_engine(request: pytest.FixtureRequest) -> Run:
    """Every stack for an engine in turn."""
    run: Run = request.getfixturevalue(request.param)
    return run


@pytest.fixture(scope="session")
def prod() -> Run:
    """The committed stack `prod`."""
    return program.in_cluster("prod")


@pytest.fixture(scope="session")
def staging() -> Run:
    """The committed stack `staging`."""
    return program.in_cluster("staging")


@pytest.fixture(params=["staging", "prod"])
def on_cluster(request: pytest.FixtureRequest) -> Run:
    """Every committed stack for a cluster in turn."""
    run: Run = request.getfixturevalue(request.param)
    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own as the current folder."""
    return repositories.project(tmp_path / "project", monkeypatch)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    return repositories.create(tmp_path / "repository")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Makes a thing the whole engine at the settings' address."""
    return lambda thing: fake_engine.put(monkeypatch, thing)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The API server of a cluster with nothing on it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where the dynamic client keeps what it discovers
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def no_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No login, proxy or CA bundle of this machine; the file that `docker login` would write."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return tmp_path / "config.json"
