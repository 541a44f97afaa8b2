"""Pulumi's copies of a state do not grow for ever, and the newest are never removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.state.state_copies import prune

HISTORY, BACKUPS = Path(".pulumi/history/mimir/dev"), Path(".pulumi/backups/mimir/dev")
FIRST = 1795832980000000000


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project whose stack was updated 300 times."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    Path("Pulumi.yaml").write_text("name: mimir\nbackend:\n  url: file://.\n")
    for folder in (HISTORY, BACKUPS, HISTORY.with_name("prod")):
        folder.mkdir(parents=True)
    for number in range(300):
        moment = FIRST + number
        for file in (HISTORY / f"dev-{moment}.history.json", HISTORY / f"dev-{moment}.checkpoint.json"):
            file.write_text("{}")
            file.with_name(f"{file.name}.attrs").write_text("{}")
        (BACKUPS / f"dev.{moment}.json{'.gz' if number % 2 else ''}").write_text("{}")
        (HISTORY.with_name("prod") / f"prod-{moment}.history.json").write_text("{}")


def test_the_newest_stay() -> None:
    prune("dev")
    names = sorted(path.name for path in HISTORY.iterdir())
    for kind, kept in (("history", 200), ("checkpoint", 10)):
        expected = {f"dev-{FIRST + 300 - number}.{kind}.json" for number in range(1, kept + 1)}
        assert {name for name in names if name.endswith(f"{kind}.json")} == expected
        assert {name for name in names if name.endswith(f"{kind}.json.attrs")} == {f"{name}.attrs" for name in expected}
    moments = {int(path.name.split(".")[1]) for path in BACKUPS.iterdir()}
    assert moments == {FIRST + 300 - number for number in range(1, 21)}


def test_other_stacks_and_the_state_are_left_alone() -> None:
    state = Path(".pulumi/stacks/mimir/dev.json")
    state.parent.mkdir(parents=True)
    state.write_text("{}")
    prune("dev")
    assert state.exists()
    assert len([*HISTORY.with_name("prod").iterdir()]) == 300


@pytest.mark.parametrize("url", ["s3://bucket/folder", "https://api.pulumi.com"])
def test_a_state_elsewhere_is_left_alone(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    prune("dev")
    assert len([*BACKUPS.iterdir()]) == 300


def test_a_stack_that_was_never_deployed() -> None:
    prune("staging")
