"""A Docker engine with one thing on it, for the parts of the program that look at the engine themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from components import application
from components.docker import engine
from components.settings import Settings

SETTINGS = Settings.model_validate({"docker": {"host": "unix:///fake.sock"}})
MIMIR = application.describe(SETTINGS, "dev")
LABEL = {"io.mimir.deployment": "mimir-dev"}

Use = Callable[[Any], Any]


class Api:
    """The low-level client, of which the proof needs three methods."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, Any]] = []

    def _url(self, pattern: str, *arguments: str) -> str:
        return pattern.format(*arguments)

    def _post_json(self, url: str, data: Any) -> str:
        self.posted.append((url, data))
        return "answer"

    def _raise_for_status(self, response: str) -> None:
        assert response == "answer"


class Thing:
    """A container or network, and the client that finds it."""

    def __init__(self, attrs: dict[str, Any] | None = None, labels: dict[str, str] | None = None) -> None:
        self.id, self.labels, self.api = "id", labels or {}, Api()
        self.attrs = {
            "State": {"Status": "exited", "ExitCode": 2, "Running": False, "Restarting": False},
            "RestartCount": 4,
            "HostConfig": {},
            **(attrs or {}),
        }
        self.name, self.status = "mimir-dev", "exited"
        self.client = self.networks = self
        self.containers: Any = self
        self.done: list[str] = []
        self.output: tuple[int, bytes] = (0, b"")
        self.executed: list[str] = []

    def get(self, name: str) -> Thing:
        assert name in ("mimir-dev", "id")
        return self

    def list(self, names: Sequence[str]) -> Sequence[Thing]:
        assert names == ["^mimir-dev$"]
        return [self]

    def logs(self, tail: int) -> bytes:
        return b"starting\npanic: no such file\xff\n"

    def exec_run(self, command: Sequence[str]) -> tuple[int, bytes]:
        self.executed = [*command]
        return self.output

    def reload(self) -> None:
        pass

    def remove(self, force: bool = False) -> None:
        self.done.append("remove by force" if force else "remove")


def put(patch: pytest.MonkeyPatch, thing: Any) -> Any:
    """Make a thing the whole engine at the settings' address."""
    patch.setattr(engine, "client", lambda host: thing if host == "unix:///fake.sock" else None)
    return thing
