"""What `make up`, `refresh` and `destroy` write down, what `deployments` says of it, and what stops one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ops.audit_log.location import VARIABLE
from ops.audit_log.record import Actor, Finished, Moved, Started
from ops.audit_log.recording import NOT_RECORDED
from tests.support import fake_log
from tests.support.fake_cli import called, project
from tests.support.fake_log import FAILED, NEW, OLD, log, run, state
from toolchain.passphrase import PASSPHRASE_VARIABLES


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one stack, which has an image, and whose next update deploys another."""
    without = (*PASSPHRASE_VARIABLES, "PULUMI_BACKEND_URL", VARIABLE, "FAKE_EXIT", "FAKE_LOCKED", "FAKE_FULL")
    folder = project(tmp_path, monkeypatch, fake_log.CLI, (*without, "GITHUB_ACTIONS"))
    Path("history.json").write_text("[]")
    state("state.json", OLD)
    state("after.json", NEW)
    return folder


def pair() -> tuple[Started, Finished]:
    """The only two objects of the log."""
    started, finished = log().read().entries
    assert isinstance(started, Started) and isinstance(finished, Finished)
    assert started.id == finished.id
    return started, finished


def asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What `deployments --json` says."""
    capsys.readouterr()
    run(monkeypatch, "deployments", "--json", *arguments)
    return dict(json.loads(capsys.readouterr().out))


def begun(deployment: str = "ab12", host: str = "elsewhere", process: int = 1) -> Started:
    """A deployment that has no end."""
    who = Actor(name="Ada", login="ada", host=host, process=process)
    usual: dict[str, Any] = {"command": "up", "project": {}, "source": None, "before": None}
    return log().append(Started(id=deployment, stack="dev", state=f"file://{Path.cwd()}", who=who, **usual))


class TestRecords:
    """What is written."""

    def test_who_deployed_which_digest_with_what_result(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert run(monkeypatch, "up") == 0
        started, finished = pair()
        assert (started.command, started.before, finished.image) == ("up", OLD, NEW)
        assert (finished.result, finished.exit_code, finished.changes) == ("succeeded", 0, {"create": 2, "same": 3})
        assert started.source and started.source.location == "./sample"
        assert started.who.process == os.getpid()

    def test_pulumis_own_history_names_the_record(self, monkeypatch: pytest.MonkeyPatch) -> None:
        run(monkeypatch, "refresh")
        arguments = called()
        assert f"[deployment {pair()[0].id}]" in arguments[arguments.index("--message") + 1]
        assert pair()[0].command == "refresh"

    def test_a_failure_names_what_was_built(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FAKE_EXIT", "255")
        state("after.json", OLD, built=FAILED)
        assert run(monkeypatch, "up") == 255
        _, finished = pair()
        assert (finished.result, finished.exit_code, finished.image) == ("failed", 255, FAILED)

    @pytest.mark.parametrize(("code", "is_told"), [("0", True), ("255", False)])
    def test_after_the_cause_of_a_failure_nothing_is_told(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str, is_told: bool
    ) -> None:
        monkeypatch.setenv("FAKE_EXIT", code)
        assert run(monkeypatch, "up") == int(code)
        assert (f"Recorded as deployment {pair()[1].id}" in capsys.readouterr().out) == is_told

    def test_one_that_pulumi_did_not_begin_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FAKE_LOCKED", "yes")
        assert run(monkeypatch, "up") == 255
        _, finished = pair()
        assert (finished.result, finished.image, finished.changes) == ("refused", OLD, None)

    def test_what_is_destroyed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
        state("after.json", None)
        assert run(monkeypatch, "destroy") == 0
        started, finished = pair()
        assert (started.command, started.before, finished.image) == ("destroy", OLD, None)
        assert started.source is None

    def test_no_setting_of_the_stack_is_in_it(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("Pulumi.dev.yaml").write_text("config:\n  mimir:environment:\n    variables:\n      TOKEN: tok-5Yd8\n")
        run(monkeypatch, "up", "--source", str(here))
        written = b"".join(path.read_bytes() for path in (here / ".mimir").rglob("*.json"))
        assert written.count(b'"event"') == 2
        assert b"tok-5Yd8" not in written


class TestRefusals:
    """What may not begin, and what cannot be written down any more."""

    def test_without_a_log_nothing_is_deployed(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (here / ".mimir").write_text("a file where the folder should be")
        assert run(monkeypatch, "up") == 1
        assert not Path("called").exists()
        assert "the audit log in" in capsys.readouterr().err

    def test_a_backend_that_keeps_no_objects_needs_a_place_for_the_log(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
        assert run(monkeypatch, "up") == 1
        assert "export MIMIR_AUDIT_LOG=" in capsys.readouterr().err
        assert not Path("called").exists()
        monkeypatch.setenv(VARIABLE, f"file://{here}/audit")
        assert run(monkeypatch, "up") == 0
        assert len(list((here / "audit/mimir/dev").iterdir())) == 2

    def test_an_end_that_cannot_be_written_is_said_loudly_and_shown(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("FAKE_FULL", "yes")
        assert run(monkeypatch, "up") == NOT_RECORDED
        output = capsys.readouterr().err
        assert "could NOT be recorded" in output
        assert NEW in output, "what should stand there is not lost"

    def test_a_failure_stays_one_when_it_cannot_be_written(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FAKE_FULL", "yes")
        monkeypatch.setenv("FAKE_EXIT", "255")
        assert run(monkeypatch, "up") == 255

    def test_a_state_that_was_moved_is_not_deployed_from(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        who = Actor(name="Ada", login="ada", host="desk", process=1)
        log().append(Moved(stack="dev", state=f"file://{here}", target="s3://team", resources=3, who=who))
        assert run(monkeypatch, "up") == 1
        assert "PULUMI_BACKEND_URL=s3://team" in capsys.readouterr().err
        assert not Path("called").exists()
        log().append(Moved(stack="dev", state="s3://team", target=f"file://{here}", resources=3, who=who))
        assert run(monkeypatch, "up") == 0, "and back"


class TestUnfinished:
    """A deployment that was killed."""

    def test_the_next_one_says_so_until_one_succeeds(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        begun()
        monkeypatch.setenv("FAKE_LOCKED", "yes")
        run(monkeypatch, "up")
        assert "Deployment ab12 (up, started" in (output := capsys.readouterr().out)
        assert "pulumi cancel --yes dev" in output
        monkeypatch.delenv("FAKE_LOCKED")
        run(monkeypatch, "up")
        assert "ab12" in capsys.readouterr().out
        run(monkeypatch, "up")
        assert "ab12" not in capsys.readouterr().out

    def test_one_that_runs_on_this_machine_is_running(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        begun()
        [there] = asked(monkeypatch, capsys)["deployments"]
        assert there["result"] == "unfinished"
        begun("cd34", os.uname().nodename, os.getpid())
        assert asked(monkeypatch, capsys)["deployments"][0]["result"] == "running"

    def test_what_pulumi_knows_of_its_end_is_said(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        started = begun()
        update = {"message": f"ops up [deployment {started.id}]", "kind": "update", "version": 7, "result": "succeeded"}
        Path("history.json").write_text(json.dumps([{**update, "startTime": started.time, "endTime": started.time}]))
        [one] = asked(monkeypatch, capsys)["deployments"]
        assert (one["result"], one["pulumi"]) == ("unfinished", "succeeded")


class TestQuery:
    """`python -m ops deployments`."""

    def test_an_update_past_make_is_pointed_out(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(monkeypatch, "up")
        known = json.loads(Path("history.json").read_text())
        past = {**known[0], "message": "Fix the thing", "startTime": "2027-01-01T00:00:00.000Z", "kind": "destroy"}
        Path("history.json").write_text(json.dumps([{**past, "endTime": None}, *known]))
        newest, recorded = asked(monkeypatch, capsys)["deployments"]
        assert (newest["command"], newest["who"]) == ("pulumi destroy", None)
        assert "not recorded" in newest["note"] and "Fix the thing" in newest["note"]
        assert recorded["result"] == "succeeded"
        assert run(monkeypatch, "deployments") == 0
        assert "not recorded" in capsys.readouterr().out

    def test_by_digest_and_number(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        run(monkeypatch, "up")
        state("after.json", FAILED)
        run(monkeypatch, "up")
        assert len(asked(monkeypatch, capsys)["deployments"]) == 2
        [last] = asked(monkeypatch, capsys, "--limit", "1")["deployments"]
        assert last["image"] == FAILED
        [first] = asked(monkeypatch, capsys, "--digest", OLD.partition("@")[2])["deployments"]
        assert (first["before"], first["image"]) == (OLD, NEW)
        assert len(asked(monkeypatch, capsys, "--digest", "sha256:1b1b")["deployments"]) == 2, "deployed, then replaced"
        assert run(monkeypatch, "deployments", "--digest", "1b1b") == 1

    def test_the_table_has_what_a_person_asks_for(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(monkeypatch, "deployments") == 0
        assert capsys.readouterr().out == "No deployment is recorded.\n"
        run(monkeypatch, "up")
        capsys.readouterr()
        run(monkeypatch, "deployments")
        head, row = capsys.readouterr().out.splitlines()
        assert head.split()[:2] == ["started", "(UTC)"]
        assert "succeeded" in row and "0a0a0a0a0a0a → 1b1b1b1b1b1b" in row and "2 create" in row

    def test_a_log_that_was_changed_is_an_error(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(monkeypatch, "up")
        first = here / ".mimir/deployments/mimir/dev/00000001.json"
        text = first.read_text().replace(OLD, FAILED)
        first.unlink()
        first.write_text(text)
        assert run(monkeypatch, "deployments") == 1
        assert "record 1 was changed" in capsys.readouterr().err
        assert asked(monkeypatch, capsys)["problems"]
