"""The smoke test: a version that does not become healthy is never deployed, and the previous one still serves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pulumi
import pytest
from docker.errors import APIError
from pulumi.runtime import stack

from components.docker.rollout import smoke_test
from components.docker.rollout.smoke_test import SmokeTestFailed
from tests.support import program
from tests.support.fake_engine import LABEL, MIMIR, SETTINGS, Many, Thing, Use, thing
from tests.support.program import Run
from tests.support.property_wire import Secret

NAME = "mimir-dev-trial"
SERVING = thing("mimir-dev-1", "service")


def inputs(run: Run) -> dict[str, Any]:
    """A container's inputs as the hook reads them: secrets in the clear, and every number a float."""
    shown = {**run.service}
    shown["envs"] = [env.value if isinstance(env, Secret) else env for env in shown["envs"]]
    return shown


@pytest.fixture
def run_hook(monkeypatch: pytest.MonkeyPatch, dev: Run, clock: list[float]) -> Any:
    """Runs the hook that the program registers before it creates the container; `dev` needs the real clock."""
    hooks: list[Any] = []
    monkeypatch.setattr(pulumi, "ResourceHook", lambda name, callback: hooks.append(callback))
    smoke_test.hook("mimir", SETTINGS, MIMIR)

    async def run() -> None:
        new_inputs = inputs(dev)
        # Pulumi hands an input that has a secret in it on as an output.
        new_inputs["envs"] = pulumi.Output.secret(new_inputs["envs"])
        try:
            await hooks[-1](type("Args", (), {"new_inputs": new_inputs})())
        finally:
            await stack.wait_for_rpcs()  # or the next program waits for this one's outputs

    return lambda: asyncio.run(run())


class Engine(Many):
    """An engine on which probes return these results one after the other, and the last one from then on."""

    def __init__(self, *there: Thing, says: Sequence[tuple[int, bytes] | Exception] = ((0, b""),), ends: bool = False):
        super().__init__(*there)
        self.says, self.ends = [*says], ends

    def run(self, **how: Any) -> Thing:
        container = super().run(**how)
        container.exec_run = self._say  # type: ignore[method-assign]
        if self.ends:
            container.status = "exited"
            container.attrs["State"] = {"Status": "exited", "ExitCode": 7, "Running": False, "Restarting": False}
        return container

    def _say(self, command: Sequence[str]) -> tuple[int, bytes]:
        now = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if isinstance(now, Exception):
            raise now
        return now


def test_no_smoke_test_runs_where_nothing_serves(use: Use, run_hook: Any) -> None:
    engine = use(Engine(thing("mimir-dev-1", "service", "exited"), thing("mimir-dev-edge", "edge")))
    run_hook()
    assert engine.asked == []


def test_a_good_version_passes_and_leaves_nothing(use: Use, run_hook: Any) -> None:
    engine = use(Engine(SERVING, says=[(1, b"refused"), APIError("not yet"), (0, b""), (1, b"no file"), (0, b"")]))
    run_hook()
    assert [call["name"] for call in engine.asked] == [NAME]
    assert engine.there == [SERVING]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"ends": True, "says": [(1, b"x")]}, ["ended with exit code 7", "panic: no such file"]),
        ({"says": [(1, b"status 404")]}, ["did not become healthy in 120 s", "status 404"]),
        ({"says": [(0, b""), (1, b"level differs")] * 999}, ["did not become healthy in 120 s", "level differs"]),
    ],
    ids=["ends", "never healthy", "ignores its configuration"],
)
def test_a_bad_version_says_why_who_serves_and_leaves_nothing(
    use: Use, run_hook: Any, how: dict[str, Any], expected: list[str]
) -> None:
    engine = use(Engine(SERVING, **how))
    with pytest.raises(SmokeTestFailed) as caught:
        run_hook()
    for part in ["mimir-dev-1 still serves the previous one", "last 20 log lines", *expected]:
        assert part in str(caught.value)
    assert "docker inspect" not in str(caught.value), "there is nothing left to inspect"
    assert engine.there == [SERVING]


def test_a_smoke_test_that_cannot_be_started_leaves_nothing(use: Use, run_hook: Any) -> None:
    engine = use(Engine(SERVING))

    def run(**how: Any) -> Thing:
        Many.run(engine, **how)
        raise APIError("address pool exhausted")

    engine.run = run
    with pytest.raises(APIError):
        run_hook()
    assert engine.there == [SERVING]


def test_the_smoke_test_of_an_interrupted_update_is_removed_first(use: Use, run_hook: Any) -> None:
    engine = Engine(SERVING)
    old = thing(NAME, "trial")
    old.gone = lambda: engine.there.remove(old)  # type: ignore[method-assign]
    engine.there.append(old)
    use(engine)
    run_hook()
    assert old.done == ["remove by force"]
    assert engine.there == [SERVING]


def test_it_is_like_the_real_one_but_nobody_can_reach_it(dev: Run) -> None:
    service = dev.service
    how = smoke_test.run_arguments(inputs(dev), NAME, MIMIR)
    assert how["image"] == service["image"]
    assert how["command"] == service["command"]
    assert how["environment"] == service["envs"]
    assert how["user"] == "65532:65532"
    assert how["read_only"] is True
    assert how["cap_drop"] == ["ALL"]
    assert how["security_opt"] == ["no-new-privileges:true"]
    assert (how["mem_limit"], how["pids_limit"]) == ("256m", 256)
    assert how["cpu_quota"] / how["cpu_period"] == 1
    assert how["tmpfs"] == service["tmpfs"]
    mounts = {(mount["Target"], mount["Source"], mount["ReadOnly"]) for mount in how["mounts"]}
    assert mounts == {(mount["target"], mount["source"], mount["readOnly"]) for mount in service["mounts"]}
    assert how["network"] == "mimir-dev-internal"
    assert how["labels"] == {**LABEL, "io.mimir.role": "trial"}
    assert not {"ports", "network_alias", "networking_config", "restart_policy"} & how.keys()


def test_it_gets_the_secrets_that_the_real_one_gets() -> None:
    run = program.run({"environment": {"secretVariables": {"TOKEN": "geheim"}}})
    assert "TOKEN=geheim" in smoke_test.run_arguments(inputs(run), NAME, MIMIR)["environment"]
