"""Volumes whose data is gone stop an update before an empty one takes their place, until somebody accepts that."""

from __future__ import annotations

import argparse
from typing import Any

import pulumi
import pytest
from docker.errors import DockerException, NotFound

from components.docker import volumes
from components.docker.volumes import VolumeLost
from ops.commands import refresh, up
from ops.stack.stack_error import StackError
from ops.update import lost_volumes, renamed_stack
from tests.support.fake_engine import MIMIR, SETTINGS, Use

DATA, LOGS, CONFIG = "mimir-dev-data", "mimir-dev-logs", "mimir-dev-config-0123"


class Docker:
    """An engine with these volumes."""

    def __init__(self, *names: str, error: Exception | None = None) -> None:
        self.volumes, self.names, self.error = self, names, error

    def get(self, name: str) -> str:
        if self.error:
            raise self.error
        if name not in self.names:
            raise NotFound(f"no such volume: {name}")
        return name


def check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the hook that the program registers before it creates the application's container."""
    made: list[Any] = []
    monkeypatch.setattr(pulumi, "ResourceHook", lambda name, callback: made.append(callback))
    volumes.volumes_exist_hook("mimir", SETTINGS, MIMIR)
    mounts = [
        {"type": "bind", "source": "/home/me/sample", "target": "/src"},
        *({"type": "volume", "source": name, "target": "/x"} for name in (DATA, LOGS, CONFIG, CONFIG)),
    ]
    made[-1](type("Args", (), {"new_inputs": {"mounts": mounts}})())


def test_a_container_is_created_where_every_volume_is_there(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    use(Docker(DATA, LOGS, CONFIG))
    check(monkeypatch)


def test_the_engine_makes_no_empty_volume_in_place_of_one_with_data(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    use(Docker(LOGS))
    with pytest.raises(VolumeLost) as caught:
        check(monkeypatch)
    text = str(caught.value)
    assert "does not have mimir-dev-data any more" in text
    assert "docker volume create --label io.mimir.deployment=mimir-dev mimir-dev-data" in text
    assert "make refresh STACK=dev EMPTY='mimir-dev-data'" in text


def test_a_lost_configuration_is_no_lost_data(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    use(Docker(DATA, LOGS))
    with pytest.raises(VolumeLost) as caught:
        check(monkeypatch)
    assert CONFIG in str(caught.value) and "make refresh" in str(caught.value)
    assert "data" not in str(caught.value)


def resource(kind: str, name: str, **more: Any) -> dict[str, Any]:
    """A resource as a state has it."""
    return {"type": kind, "urn": f"urn:pulumi:dev::mimir::{kind}::{name}", "outputs": {"name": name}, **more}


STATE = {
    "resources": [
        {"type": "pulumi:pulumi:Stack", "urn": "urn:pulumi:dev::mimir::pulumi:pulumi:Stack::mimir-dev"},
        resource(lost_volumes.VOLUME, DATA, protect=True),
        resource(lost_volumes.VOLUME, LOGS, protect=True),
        resource(lost_volumes.VOLUME, CONFIG),
    ]
}


@pytest.fixture
def stack_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack file names the engine."""
    monkeypatch.setattr(lost_volumes, "setting", lambda *_: "unix:///fake.sock")


@pytest.mark.usefixtures("stack_file")
class TestRefresh:
    """`make refresh`, which would forget the volume and make another."""

    def test_a_lost_volume_stops_it(self, use: Use) -> None:
        use(Docker(LOGS))
        with pytest.raises(StackError, match="does not have mimir-dev-data any more") as caught:
            lost_volumes.reject_lost_volumes("dev", STATE)
        assert LOGS not in str(caught.value) and CONFIG not in str(caught.value)

    def test_every_lost_volume_is_named_in_the_command_that_accepts_it(self, use: Use) -> None:
        use(Docker())
        with pytest.raises(StackError, match=f"EMPTY='{DATA} {LOGS}'"):
            lost_volumes.reject_lost_volumes("dev", STATE)

    def test_only_what_was_accepted_may_be_made_anew(self, use: Use) -> None:
        use(Docker())
        lost_volumes.reject_lost_volumes("dev", STATE, [DATA, LOGS])
        with pytest.raises(StackError, match=f"EMPTY='{LOGS}'"):
            lost_volumes.reject_lost_volumes("dev", STATE, [DATA])

    @pytest.mark.parametrize("state", [STATE, {}, {"resources": None}])
    def test_it_goes_on_where_everything_is_there_or_was_never_made(self, use: Use, state: dict[str, Any]) -> None:
        use(Docker(DATA, LOGS))
        lost_volumes.reject_lost_volumes("dev", state)

    def test_an_engine_that_does_not_answer_is_the_updates_matter(self, use: Use) -> None:
        use(Docker(error=DockerException("no engine")))
        lost_volumes.reject_lost_volumes("dev", STATE)


class TestRename:
    """`pulumi stack rename`, after which everything on the engine would be made anew under another name."""

    def state(self, name: str) -> dict[str, Any]:
        """A state with the network that has the deployment's name, and with the internal one."""
        network = resource(renamed_stack.NETWORK, "mimir-network")
        internal = resource(renamed_stack.NETWORK, "mimir-internal")
        network["outputs"], internal["outputs"] = {"name": f"mimir-{name}"}, {"name": f"mimir-{name}-internal"}
        return {"resources": [internal, network]}

    def test_it_is_refused_with_the_command_that_undoes_it(self) -> None:
        with pytest.raises(StackError, match="pulumi stack rename dev --stack mine"):
            renamed_stack.reject_renamed_stack("mine", self.state("dev"))

    @pytest.mark.parametrize("state", [{}, {"resources": [{"type": renamed_stack.NETWORK, "urn": "x::mimir-network"}]}])
    def test_what_was_never_deployed_has_every_name(self, state: dict[str, Any]) -> None:
        renamed_stack.reject_renamed_stack("mine", state)

    def test_the_name_that_is_deployed_is_not_refused(self) -> None:
        renamed_stack.reject_renamed_stack("dev", self.state("dev"))


class TestCommands:
    """`make up` and `make refresh` look before they begin."""

    def test_up_of_a_renamed_stack_does_not_begin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(up, "export_state", lambda _: TestRename().state("dev"))
        with pytest.raises(StackError, match="renamed"):
            up.run(argparse.Namespace(stack="mine", source="", live=False, digest=""))

    @pytest.mark.usefixtures("stack_file")
    def test_refresh_of_a_stack_that_has_lost_data_does_not_begin(
        self, use: Use, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(Docker())
        began: list[str] = []
        monkeypatch.setattr(refresh, "export_state", lambda _: STATE)
        monkeypatch.setattr(up, "deploy", lambda _, command, flag: began.append(f"{command} {flag}"))
        arguments = argparse.Namespace(stack="dev", empty=[DATA])
        with pytest.raises(StackError, match=LOGS):
            refresh.run(arguments)
        assert began == []
        arguments.empty = [DATA, LOGS]
        refresh.run(arguments)
        assert began == ["refresh --refresh"]
