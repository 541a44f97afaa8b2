"""The engine is inspected before the build, and a failed container is reported with its diagnostics."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from docker.errors import NotFound

from components.docker.engine import engine
from components.docker.engine.engine import Engine
from components.docker.rollout import container_failure
from components.problems import Problem
from components.settings import Settings
from tests.support.fake_engine import MIMIR, SETTINGS, Many, Thing, Use, thing


def ended(state: dict[str, Any], role: str = "service", name: str = "mimir-dev", created: str = "1") -> Thing:
    """A container of the deployment in this state."""
    container = thing(name, role)
    container.attrs |= {"State": state, "Created": created}
    return container


class TestReport:
    """What a user reads when the container does not become healthy."""

    def test_state_probe_and_last_log_lines(self, use: Use) -> None:
        health = {"Log": [{"Output": "first"}, {"Output": "dial tcp 127.0.0.1:8080: connection refused\n"}]}
        use(Many(ended({"Status": "restarting", "ExitCode": 2, "OOMKilled": False, "Health": health})))
        assert container_failure.report(SETTINGS, MIMIR).splitlines() == [
            "Container mimir-dev did not become healthy in 120 s.",
            "  state       restarting, exit code 2",
            "  restarts    4",
            "  last probe  dial tcp 127.0.0.1:8080: connection refused",
            "  last 20 log lines:",
            "    starting",
            "    panic: no such file�",
            "  more        docker logs mimir-dev; docker inspect mimir-dev",
        ]

    def test_too_little_memory_names_its_setting(self, use: Use) -> None:
        use(Many(ended({"Status": "exited", "ExitCode": 137, "OOMKilled": True})))
        assert "mimir:limits.memoryMib" in container_failure.report(SETTINGS, MIMIR)

    @pytest.mark.parametrize("state", [{}, {"Health": None}, {"Health": {"Log": None}}, {"Health": {"Log": []}}])
    def test_a_container_that_was_never_probed(self, use: Use, state: dict[str, Any]) -> None:
        container = ended({"Status": "created", "ExitCode": 0, **state})
        container.logs = lambda tail: b""  # type: ignore[method-assign]
        use(Many(container))
        report = container_failure.report(SETTINGS, MIMIR)
        assert "none was run" in report
        assert "(none)" in report

    def test_a_container_that_never_started_is_not_called_unhealthy(self, use: Use) -> None:
        use(Many(ended({"Status": "created", "ExitCode": 128})))
        assert container_failure.report(SETTINGS, MIMIR).startswith("Container mimir-dev could not be started")

    def test_it_is_about_the_newest_in_its_role(self, use: Use) -> None:
        old, new = (ended({"Status": "exited", "ExitCode": 1}, name=f"mimir-dev-{at}", created=at) for at in "12")
        edge = ended({"Status": "created", "ExitCode": 128}, "edge", "mimir-dev-edge", "3")
        use(Many(new, old, edge))
        assert container_failure.report(SETTINGS, MIMIR).startswith("Container mimir-dev-2 did not become healthy")
        assert container_failure.report(SETTINGS, MIMIR, "edge").startswith(
            "Container mimir-dev-edge could not be started"
        )

    def test_no_container_at_all(self, use: Use) -> None:
        use(Many())
        assert container_failure.report(SETTINGS, MIMIR) == "Container mimir-dev: the engine has none."

    @pytest.mark.parametrize("error", [NotFound("No such container: mimir-dev"), requests.ConnectionError("gone")])
    def test_an_engine_without_details_does_not_hide_the_failure(self, use: Use, error: Exception) -> None:
        def reload() -> None:
            raise error

        container = ended({"Status": "exited", "ExitCode": 1})
        container.reload = reload  # type: ignore[method-assign]
        use(Many(container))
        assert container_failure.report(SETTINGS, MIMIR).startswith(
            "Container mimir-dev: the engine returns no details"
        )


class TestInspectEngine:
    """The engine before anything is built."""

    @staticmethod
    def inspect(use: Use, version: str, info: dict[str, Any]) -> Engine | list[Problem]:
        """Inspect an engine with this version and information."""
        thing = use(Thing())
        thing.version, thing.info = lambda: {"ApiVersion": version}, lambda: info
        return engine.inspect_engine(SETTINGS)

    @pytest.mark.parametrize(("version", "expected"), [("1.41", (1, 41)), ("1.47", (1, 47)), ("1.100", (1, 100))])
    def test_its_version_is_read(self, use: Use, version: str, expected: tuple[int, int]) -> None:
        assert self.inspect(use, version, {"SwapLimit": True}) == Engine(expected)

    @pytest.mark.parametrize(
        ("info", "counts"), [({"SwapLimit": True}, True), ({"SwapLimit": False}, False), ({}, True)]
    )
    def test_so_is_whether_it_counts_swap(self, use: Use, info: dict[str, Any], counts: bool) -> None:
        assert self.inspect(use, "1.47", info) == Engine((1, 47), swap_limit=counts)

    def test_none_that_answers(self) -> None:
        problems = engine.inspect_engine(Settings.model_validate({"docker": {"host": "unix:///nowhere/docker.sock"}}))
        assert isinstance(problems, list)
        [problem] = problems
        assert problem.key == "mimir:docker.host"
        assert "unix:///nowhere/docker.sock" in problem.found
        assert "No such file" in problem.found
        assert "make tools" in problem.fix
