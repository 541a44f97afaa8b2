"""The running container, seen through the engine: what is proved, what is cleared away, what a failure says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pytest
import requests
from docker.errors import NotFound

from components import application
from components.docker import engine, failure, leftovers, proof
from components.docker.engine import Engine
from components.docker.proof import NotInEffect
from components.problems import Problem
from components.settings import Settings

SETTINGS = Settings.model_validate({"docker": {"host": "unix:///fake.sock"}})
MIMIR = application.describe(SETTINGS, "dev")
LABEL = {"io.mimir.deployment": "mimir-dev"}


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
            "State": {"Status": "exited", "ExitCode": 2},
            "RestartCount": 4,
            "HostConfig": {},
            **(attrs or {}),
        }
        self.client = self.containers = self.networks = self
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

    def stop(self, timeout: int) -> None:
        self.done.append(f"stop within {timeout}")

    def remove(self, force: bool = False) -> None:
        self.done.append("remove")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a thing the whole engine at the settings' address."""

    def put(thing: Any) -> Any:
        monkeypatch.setattr(engine, "client", lambda host: thing if host == "unix:///fake.sock" else None)
        return thing

    return put


class TestProof:
    """After every update: the limits and the configuration really hold."""

    def test_the_process_limit_is_set_where_it_differs(self, use: Any) -> None:
        container = use(Thing({"HostConfig": {"PidsLimit": None}}))
        assert proof.prove(SETTINGS, MIMIR, "id") == "id"
        assert container.api.posted == [("/containers/id/update", {"PidsLimit": 256})]

    def test_and_left_alone_where_it_does_not(self, use: Any) -> None:
        container = use(Thing({"HostConfig": {"PidsLimit": 256}}))
        proof.prove(SETTINGS, MIMIR, "id")
        assert container.api.posted == []

    def test_the_probe_in_the_container_compares_the_configuration(self, use: Any) -> None:
        container = use(Thing())
        proof.prove(SETTINGS, MIMIR, "id")
        assert container.executed[:2] == ["/probe", "config"]
        assert container.executed[-1] == "http://127.0.0.1:8080/api/v1/config"
        expected = [
            one for before, one in zip(container.executed, container.executed[1:], strict=False) if before == "--expect"
        ]
        assert expected == [f"{key}={value}" for key, value in MIMIR.config.expected.items()]
        assert "logging.level=info" in expected

    def test_a_configuration_that_was_dropped_fails_the_update(self, use: Any) -> None:
        use(Thing()).output = (1, b'logging.level: "debug", expected "info"\n')
        with pytest.raises(NotInEffect) as caught:
            proof.prove(SETTINGS, MIMIR, "id")
        text = str(caught.value)
        assert 'logging.level: "debug", expected "info"' in text
        assert "mimir-dev" in text
        assert "docker cp mimir-dev:/app/data" in text
        assert isinstance(caught.value, pulumi.RunError), "no traceback for a user"

    def test_nothing_but_the_probes_words_is_repeated(self, use: Any) -> None:
        container = use(Thing({"Config": {"Env": ["MIMIR_JWT_SECRET=geheim"]}}))
        container.output = (1, b"plugins.plugin_configs.config_digest: missing")
        with pytest.raises(NotInEffect) as caught:
            proof.prove(SETTINGS, MIMIR, "id")
        assert "geheim" not in str(caught.value)


class TestReport:
    """What a user reads when the container does not become healthy."""

    def test_state_probe_and_last_words(self, use: Any) -> None:
        health = {"Log": [{"Output": "first"}, {"Output": "dial tcp 127.0.0.1:8080: connection refused\n"}]}
        use(Thing({"State": {"Status": "restarting", "ExitCode": 2, "OOMKilled": False, "Health": health}}))
        assert failure.report(SETTINGS, MIMIR).splitlines() == [
            "Container mimir-dev did not become healthy in 120 s.",
            "  state       restarting, exit code 2",
            "  restarts    4",
            "  last probe  dial tcp 127.0.0.1:8080: connection refused",
            "  last 20 log lines:",
            "    starting",
            "    panic: no such file�",
            "  more        docker logs mimir-dev; docker inspect mimir-dev",
        ]

    def test_too_little_memory_names_its_setting(self, use: Any) -> None:
        use(Thing({"State": {"Status": "exited", "ExitCode": 137, "OOMKilled": True}}))
        assert "mimir:limits.memoryMib" in failure.report(SETTINGS, MIMIR)

    @pytest.mark.parametrize("state", [{}, {"Health": None}, {"Health": {"Log": None}}, {"Health": {"Log": []}}])
    def test_a_container_that_was_never_probed(self, use: Any, state: dict[str, Any]) -> None:
        use(Thing({"State": {"Status": "created", "ExitCode": 0, **state}})).logs = lambda tail: b""
        said = failure.report(SETTINGS, MIMIR)
        assert "it was never probed" in said
        assert "(none)" in said

    def test_a_container_that_never_started_is_not_called_unhealthy(self, use: Any) -> None:
        use(Thing({"State": {"Status": "created", "ExitCode": 128}}))
        assert failure.report(SETTINGS, MIMIR).startswith("Container mimir-dev could not be started")

    @pytest.mark.parametrize("error", [NotFound("No such container: mimir-dev"), requests.ConnectionError("gone")])
    def test_an_engine_that_tells_no_more_does_not_hide_the_failure(self, use: Any, error: Exception) -> None:
        def get(_: str) -> None:
            raise error

        use(Thing()).get = get
        assert failure.report(SETTINGS, MIMIR).startswith("Container mimir-dev: the engine does not tell more")


class TestLeftovers:
    """What an update that was killed half-way left behind."""

    @staticmethod
    def clear(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
        """Run the hook that the program registers before it creates a container or network."""
        made: list[Any] = []
        monkeypatch.setattr(pulumi, "ResourceHook", lambda name, callback: made.append(callback))
        hook = leftovers.container_hook if kind == "container" else leftovers.network_hook
        hook("mimir", SETTINGS, MIMIR)
        made[0](type("Args", (), {"new_inputs": {"name": "mimir-dev"}})())

    def test_our_own_container_ends_in_peace_and_goes(self, use: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        container = use(Thing(labels=LABEL))
        self.clear(monkeypatch, "container")
        assert container.done == ["stop within 40", "remove"]

    def test_our_own_network_goes(self, use: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        network = use(Thing({"Labels": LABEL}))
        self.clear(monkeypatch, "network")
        assert network.done == ["remove"]

    @pytest.mark.parametrize("labels", [{}, {"io.mimir.deployment": "mimir-prod"}])
    @pytest.mark.parametrize("kind", ["container", "network"])
    def test_what_is_somebody_elses_stays(
        self, use: Any, monkeypatch: pytest.MonkeyPatch, kind: str, labels: dict[str, str]
    ) -> None:
        thing = use(Thing({"Labels": labels or None}, labels))
        with pytest.raises(leftovers.NotOurs, match=f"docker {kind} rm mimir-dev"):
            self.clear(monkeypatch, kind)
        assert thing.done == []

    def test_nothing_left_is_nothing_to_do(self, use: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def get(_: str) -> None:
            raise NotFound("No such container")

        use(Thing()).get = get
        self.clear(monkeypatch, "container")


class TestLook:
    """The engine before anything is built."""

    @pytest.mark.parametrize(("version", "expected"), [("1.41", (1, 41)), ("1.47", (1, 47)), ("1.100", (1, 100))])
    def test_its_version_is_read(self, use: Any, version: str, expected: tuple[int, int]) -> None:
        use(Thing()).version = lambda: {"ApiVersion": version}
        assert engine.look(SETTINGS) == Engine(expected)

    def test_none_that_answers(self) -> None:
        found = engine.look(Settings.model_validate({"docker": {"host": "unix:///nowhere/docker.sock"}}))
        assert isinstance(found, Problem)
        assert found.key == "mimir:docker.host"
        assert "unix:///nowhere/docker.sock" in found.found
        assert "No such file" in found.found
        assert "make tools" in found.fix
