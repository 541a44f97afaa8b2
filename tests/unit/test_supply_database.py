"""Which database of vulnerabilities is believed, and that there is none is never passed over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.supply import database
from ops.supply.tool import CannotWork

from .fake_programs import pretend

NOW = datetime(2030, 1, 31, tzinfo=UTC)


def local(folder: Path, modified: str = "2030-01-01T00:00:00Z") -> str:
    """A database in the form of vuln.go.dev."""
    (folder / "index").mkdir(parents=True)
    (folder / "index/db.json").write_text(json.dumps({"modified": modified}))
    return folder.as_uri()


def module(programs: Path, when: str = "2030-01-02T00:00:00Z", reports: int = 1) -> Path:
    """A Go whose module proxy has the database's source."""
    for number in range(reports):
        (programs / "module/data/osv").mkdir(parents=True, exist_ok=True)
        (programs / f"module/data/osv/GO-2030-000{number}.json").write_text("{}")
    return pretend(programs, "go", json.dumps({"Version": "v0.0.1", "Time": when, "Dir": str(programs / "module")}))


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing on PATH, and Go's own database out of reach; the folder on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv(database.VARIABLE, raising=False)
    monkeypatch.setattr(database, "OFFICIAL", (tmp_path / "official").as_uri())
    return tmp_path / "bin"


def test_gos_own_database_comes_first(alone: Path, tmp_path: Path) -> None:
    module(alone)
    official = local(tmp_path / "official")
    assert database.find(45, NOW).url == official


def test_out_of_reach_its_source_is_taken_from_the_module_proxy_and_named(alone: Path) -> None:
    called = module(alone)
    found = database.find(45, NOW)
    assert found.url == (alone / "module/data/osv").as_uri()
    assert str(found) == "module golang.org/x/vulndb v0.0.1, of 2030-01-02"
    assert "golang.org/x/vulndb@latest" in called.read_text(), "a pinned one would be old by design"


def test_a_copy_that_somebody_names_is_used_alone(alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = module(alone)
    copy = local(tmp_path / "copy")
    monkeypatch.setenv(database.VARIABLE, copy)
    assert database.find(45, NOW).url == copy
    assert not called.exists()


def test_one_that_cannot_be_had_says_where_it_was_looked_for_and_what_to_do() -> None:
    with pytest.raises(CannotWork) as refusal:
        database.find(45, NOW)
    for word in (database.OFFICIAL, database.MODULE, database.VARIABLE):
        assert word in str(refusal.value)


def test_a_module_without_reports_is_no_database(alone: Path) -> None:
    module(alone, reports=0)
    with pytest.raises(CannotWork, match="no reports"):
        database.find(45, NOW)


def test_a_copy_that_does_not_say_how_old_it_is_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(database.VARIABLE, tmp_path.as_uri())
    with pytest.raises(CannotWork, match="how old"):
        database.find(45, NOW)


@pytest.mark.parametrize(("days", "believed"), [(45, True), (46, False)])
def test_one_that_is_too_old_is_not_believed_and_the_way_on_is_named(alone: Path, days: int, believed: bool) -> None:
    module(alone, (NOW - timedelta(days=days)).isoformat())
    if believed:
        assert database.find(45, NOW).modified == NOW - timedelta(days=days)
        return
    with pytest.raises(CannotWork, match=r"46 days old.*--max-database-age 46"):
        database.find(45, NOW)
