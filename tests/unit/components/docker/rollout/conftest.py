"""Fixtures of the tests of a rollout."""

from __future__ import annotations

import time

import pytest

from components.docker.rollout import reachability, written_files


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that moves only when somebody waits."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.append(now.pop() + seconds))
    return now


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the containers whose reachability was checked."""
    containers: list[str] = []
    monkeypatch.setattr(reachability, "require_reachable", lambda _, __, container: containers.append(container.name))
    return containers


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the files were lost, and are written again."""
    is_lost = [False]

    def restore(_: object, volume: str, folder: str, texts: object) -> bool:
        assert (volume, folder) == ("mimir-dev-edge-files", "/etc/mimir-edge")
        assert texts == {"haproxy.cfg": "global", "keys.map": "# none"}
        return is_lost[0]

    monkeypatch.setattr(written_files, "restore", restore)
    return is_lost
