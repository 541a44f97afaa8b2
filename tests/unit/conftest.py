"""What several test files start from: the committed stacks, each run once, and sources under version control."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit import fake_engine, program, repositories
from tests.unit.fake_engine import Use
from tests.unit.program import Run


@pytest.fixture(scope="session")
def dev() -> Run:
    """The committed stack `dev`."""
    return program.run(program.stack_config("dev"))


@pytest.fixture(scope="session")
def prod() -> Run:
    """The committed stack `prod`."""
    return program.production()


@pytest.fixture(params=["dev", "prod"])
def committed(request: pytest.FixtureRequest) -> Run:
    """Every committed stack in turn."""
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
def no_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No login, proxy or CA bundle of this machine; the file that `docker login` would write."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return tmp_path / "config.json"
