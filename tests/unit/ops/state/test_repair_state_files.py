"""An update that was killed while Pulumi wrote attributes beside the state leaves nothing that is in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.state import repair_state_files


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state with one empty file of attributes and one whole one."""
    folder = tmp_path / ".pulumi/stacks/mimir"
    folder.mkdir(parents=True)
    (folder / "dev.json").write_text("{}")
    (folder / "dev.json.attrs").touch()
    (folder / "prod.json.attrs").write_text('{"user.content_type":"text/plain"}')
    (tmp_path / "Pulumi.yaml").write_text("name: mimir\nbackend:\n  url: file://.\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    return folder


def left(stacks: Path) -> list[str]:
    return sorted(file.name for file in stacks.iterdir())


def test_only_the_empty_one_goes(stacks: Path) -> None:
    repair_state_files.repair()
    assert left(stacks) == ["dev.json", "prod.json.attrs"]


def test_an_empty_state_is_not_touched(stacks: Path) -> None:
    (stacks / "dev.json").write_text("")
    repair_state_files.repair()
    assert "dev.json" in left(stacks)


def test_a_bucket_and_a_service_are_left_alone(stacks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("s3://bucket", "https://api.pulumi.com"):
        monkeypatch.setenv("PULUMI_BACKEND_URL", url)
        repair_state_files.repair()
    (stacks.parents[2] / "Pulumi.yaml").write_text("name: mimir\n")
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    repair_state_files.repair()
    assert "dev.json.attrs" in left(stacks)
