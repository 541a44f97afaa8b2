"""Production on Kubernetes is left alone only where a judged preview shows no difference at all."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.constants import NOT_COMPLETE, UPDATE_WOULD_FAIL
from ops.audit_log.location import VARIABLE
from ops.audit_log.record import Finished
from ops.update import unchanged
from ops.update.unchanged import Verdict
from tests.support import fake_log
from tests.support.fake_cli import project
from tests.support.fake_log import OLD, log, state
from tests.support.project import PROJECT
from toolchain.passphrase import PASSPHRASE_VARIABLES

PRODUCTION = "config:\n  mimir:runtime: production\n  mimir:platform: kubernetes\n"
PREVIEW = """  "preview "*)
    printf '%s\\n' "$@" > previewed
    echo "$MIMIR_OVERRIDES" > overrides
    trap 'exit 255' TERM
    test ! -e slow || { touch began; sleep 20 & wait $!; }
    cat events
    echo "warning: an old plugin" >&2
    exit ${FAKE_PREVIEW:-0} ;;
"""
URN = "urn:pulumi:dev::mimir::pulumi:pulumi:Stack::mimir-dev"
DEPLOYMENT = "urn:pulumi:dev::mimir::kubernetes:apps/v1:Deployment::mimir"

Events = list[dict[str, Any]]


def step(urn: str, kind: str, **outputs: str) -> dict[str, Any]:
    """A resource that stays as it is."""
    known = {"type": kind, "urn": urn, "id": "1", "inputs": {"a": "b"}, "outputs": outputs}
    return {"op": "same", "urn": urn, "type": kind, "old": known, "new": copy.deepcopy(known)}


def preview() -> Events:
    """A preview without any difference, as the CLI prints it."""
    steps = [step(URN, "pulumi:pulumi:Stack", url="https://mimir"), step(DEPLOYMENT, "kubernetes:apps/v1:Deployment")]
    return [
        {"preludeEvent": {"config": {}}},
        *({"resourcePreEvent": {"metadata": one, "planning": True}} for one in steps),
        {"diagnosticEvent": {"severity": "warning", "message": "a self-signed certificate"}},
        *({"resOutputsEvent": {"metadata": copy.deepcopy(one), "planning": True}} for one in steps),
        {
            "summaryEvent": {
                "isPreview": True,
                "result": "succeeded",
                "resourceChanges": {"same": 2},
                "PolicyPacks": {"mimir-policy|local|/pack": "1.0.0"},
            }
        },
    ]


def last(events: Events, kind: str) -> dict[str, Any]:
    """The content of the last event of a kind."""
    content: dict[str, Any] = next(event[kind] for event in reversed(events) if kind in event)
    return content


def stack_outputs(events: Events) -> dict[str, Any]:
    """What the stack's own resource comes to."""
    found: dict[str, Any] = next(event for event in events if "resOutputsEvent" in event)["resOutputsEvent"]["metadata"]
    return found


def diagnostic(severity: str, text: str) -> dict[str, Any]:
    return {"diagnosticEvent": {"severity": severity, "message": text}}


CHANGES: dict[str, Callable[[Events], object]] = {
    "a resource is updated": lambda events: last(events, "resourcePreEvent")["metadata"].update(op="update"),
    "a resource is read": lambda events: last(events, "resOutputsEvent")["metadata"].update(op="read"),
    "a resource is deleted": lambda events: last(events, "summaryEvent")["resourceChanges"].update(delete=1),
    "a resource is protected": lambda events: last(events, "resOutputsEvent")["metadata"]["new"].update(protect=True),
    "an output is new": lambda events: stack_outputs(events)["new"]["outputs"].update(health="curl"),
    "a resource has failed": lambda events: events.insert(3, {"resOpFailedEvent": {}}),
    "the program has logged an error": lambda events: events.insert(3, diagnostic("error", "no cluster")),
    "a rollout is not complete": lambda events: events.insert(3, diagnostic("warning", f"{NOT_COMPLETE}0 of 2")),
    "an update would fail": lambda events: events.insert(3, diagnostic("warning", f"{UPDATE_WOULD_FAIL}no registry")),
    "no pack has judged": lambda events: last(events, "summaryEvent").update(PolicyPacks={}),
    "it has failed": lambda events: last(events, "summaryEvent").update(result="failed"),
    "it is no preview": lambda events: last(events, "summaryEvent").update(isPreview=False),
    "it has no end": lambda events: events.pop(),
    "it has nothing at all": lambda events: last(events, "summaryEvent").update(resourceChanges={}),
    "the stack has no outputs yet": lambda events: events.remove(
        {"resOutputsEvent": {"metadata": stack_outputs(events), "planning": True}}
    ),
}


def verdict(events: Events) -> Verdict:
    """What is made of a preview."""
    found = Verdict()
    for event in events:
        found.add_line(json.dumps(event))
    return found


def test_a_preview_without_a_difference_is_one() -> None:
    assert verdict(preview()).is_unchanged
    assert verdict(preview()).resources == 2


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_difference_is_seen(change: Callable[[Events], object]) -> None:
    events = preview()
    change(events)
    assert not verdict(events).is_unchanged


@pytest.mark.parametrize("line", ["panic: runtime error", "[]", "", "1"])
def test_what_is_no_event_is_a_difference(line: str) -> None:
    found = verdict(preview())
    found.add_line(line)
    assert not found.is_unchanged


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stack `dev` in production on Kubernetes, deployed, where nothing would change."""
    cli = fake_log.CLI.replace('  "up "*', PREVIEW + '  "up "*')
    folder = project(tmp_path, monkeypatch, cli, (*PASSPHRASE_VARIABLES, "PULUMI_BACKEND_URL", VARIABLE))
    Path("history.json").write_text("[]")
    Path("Pulumi.dev.yaml").write_text(PRODUCTION)
    state("state.json", OLD)
    write(preview())
    return folder


def write(events: Events) -> None:
    Path("events").write_text("".join(f"{json.dumps(event)}\n" for event in events))


def was_updated() -> bool:
    return Path("called").exists()


def finished() -> Finished:
    """The end of the only deployment."""
    _, end = log().read().entries
    assert isinstance(end, Finished)
    return end


class TestCommand:
    """`make up`."""

    def test_nothing_is_done_where_nothing_would_change_and_that_is_recorded(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert fake_log.run(monkeypatch, "up", "--source", str(here)) == 0
        assert not was_updated()
        end = finished()
        assert (end.result, end.exit_code, end.image, end.changes) == ("succeeded", 0, OLD, {"same": 2})
        said = capsys.readouterr().out
        for expected in (
            "Nothing to change (dev)",
            "✅ mimir-policy",
            "2 unchanged",
            "url: https://mimir",
            "self-signed",
        ):
            assert expected in said
        assert str(here) in Path("overrides").read_text(), "what is looked at is what would be deployed"

    def test_the_pack_judges_it(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        fake_log.run(monkeypatch, "up")
        previewed = Path("previewed").read_text().splitlines()
        assert previewed[previewed.index("--policy-pack-config") + 1].endswith("mandatory.json")
        assert "--policy-pack" in previewed

    @pytest.mark.parametrize(
        "change",
        [
            lambda: write([*preview(), {"resOpFailedEvent": {}}]),
            lambda: os.environ.update(FAKE_PREVIEW="255"),
            lambda: Path("Pulumi.dev.yaml").write_text(PRODUCTION.replace("kubernetes", "docker")),
            lambda: Path("Pulumi.dev.yaml").write_text(PRODUCTION.replace("kubernetes", "{secure: v1:abc}")),
            lambda: state("state.json", None),
            lambda: pending("creating"),
            lambda: pending("updating"),
        ],
        ids=["changed", "refused", "on an engine", "unknown platform", "new", "killed creation", "killed update"],
    )
    def test_in_every_other_case_it_is_updated_after_a_preview(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]
    ) -> None:
        monkeypatch.setenv("FAKE_PREVIEW", "0")
        change()
        assert fake_log.run(monkeypatch, "up") == 0
        called = Path("called").read_text().splitlines()
        assert called[0] == "up" and "--skip-preview" not in called
        assert finished().changes == {"create": 2, "same": 3}

    def test_a_refresh_is_never_left_out(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        fake_log.run(monkeypatch, "refresh")
        assert was_updated() and not Path("previewed").exists()

    def test_development_is_updated_at_once(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("Pulumi.dev.yaml").write_text(PRODUCTION.replace("production", "development"))
        fake_log.run(monkeypatch, "up")
        assert was_updated() and not Path("previewed").exists()


def pending(kind: str) -> None:
    """Leave the note of a killed update in the state."""
    exported = json.loads(Path("state.json").read_text())
    for number, resource in enumerate(exported["deployment"]["resources"]):
        resource["urn"] = f"urn:{number}"
    exported["deployment"]["pending_operations"] = [{"type": kind, "resource": {"urn": "urn:web"}}]
    Path("state.json").write_text(json.dumps(exported))


def test_one_that_is_told_to_end_does_not_go_on_with_an_update(here: Path) -> None:
    Path("slow").touch()
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen([sys.executable, "-m", "ops", "up"], env=env, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not Path("began").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == unchanged.SIGNALLED + signal.SIGTERM
    assert not was_updated()
    assert finished().result == "refused"
