"""A Docker engine with one thing on it, for the parts of the program that look at the engine themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from docker.errors import NotFound

from components.application import application
from components.docker.engine import engine
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
            "NetworkSettings": {"Networks": {"mimir-dev": {}, "mimir-dev-internal": {}}},
            **(attrs or {}),
        }
        self.name, self.status = "mimir-dev", str(self.attrs["State"]["Status"])
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
        self.gone()

    def gone(self) -> None:
        """What else happens when it is removed."""

    def start(self) -> None:
        self.done.append("start")
        self.status = "running"

    def stop(self, timeout: int) -> None:
        self.done.append(f"stop within {timeout} s")

    def restart(self, timeout: int) -> None:
        self.done.append(f"restart within {timeout} s")
        self.status = "running"

    def rename(self, name: str) -> None:
        self.done.append("rename")
        self.name = name

    def kill(self, signal: str) -> None:
        self.done.append(signal)

    def top(self) -> dict[str, Any]:
        return {"Processes": [["1", "haproxy -W"], ["7", "haproxy -W"]]}


class Many:
    """An engine with several containers on it."""

    def __init__(self, *there: Thing) -> None:
        self.there = [*there]
        self.containers = self
        self.asked: list[dict[str, Any]] = []

    def get(self, name: str) -> Thing:
        for one in self.there:
            if name in (one.name, one.id):
                return one
        raise NotFound(f"No such container: {name}")

    def list(self, all: bool = False, filters: dict[str, Any] | None = None) -> Sequence[Thing]:
        asked = (filters or {})["label"]
        wanted = dict(label.split("=", 1) for label in ([asked] if isinstance(asked, str) else asked))
        found = [one for one in self.there if wanted.items() <= one.labels.items()]
        return [one for one in found if all or one.status == "running"]

    def run(self, **how: Any) -> Thing:
        self.asked.append(how)
        made = thing(how["name"], labels=how["labels"])
        made.gone = lambda: self.there.remove(made)  # type: ignore[method-assign]
        self.there.append(made)
        return made


def thing(name: str, role: str | None = None, status: str = "running", labels: dict[str, str] | None = None) -> Thing:
    """A container of the deployment in a role."""
    made = Thing(labels=labels or {**LABEL, "io.mimir.role": str(role)})
    made.name, made.id, made.status = name, f"{name}-id", status
    running = status == "running"
    made.attrs["State"] = {"Status": status, "ExitCode": 0 if running else 7, "Running": running, "Restarting": False}
    return made


class Network:
    """The deployment's network, and who was connected to it: (network, container, other names)."""

    def __init__(self) -> None:
        self.connected: list[tuple[str, Thing, list[str] | None]] = []
        self.name = ""

    def get(self, name: str) -> Network:
        self.name = name
        return self

    def connect(self, container: Thing, aliases: list[str] | None) -> None:
        self.connected.append((self.name, container, aliases))


def disconnect(container: Thing) -> Network:
    """Take a container off its network."""
    container.attrs["NetworkSettings"] = {"Networks": {}}
    container.networks = network = Network()  # type: ignore[assignment]
    return network


def put(patch: pytest.MonkeyPatch, thing: Any) -> Any:
    """Make a thing the whole engine at the settings' address."""
    patch.setattr(engine, "client", lambda host: thing if host == "unix:///fake.sock" else None)
    return thing
