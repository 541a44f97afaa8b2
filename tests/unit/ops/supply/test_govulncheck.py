"""What of govulncheck's answer counts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops.supply.scanners import govulncheck
from ops.supply.scanners.vulnerability_database import Database
from ops.supply.tool import CannotWork
from tests.support.fake_programs import pretend

DATABASE = Database("file:///db", datetime(2030, 1, 1, tzinfo=UTC), "a copy")
LOOKED_AT = {"SBOM": {"go_version": "go1.26.11", "modules": []}}
REPORT = {"osv": {"id": "GO-2030-0001", "summary": "A hole", "aliases": ["CVE-2030-1"]}}


def finding(**place: str) -> dict[str, Any]:
    trace = [{"module": "example.com/m", "version": "v1.0.0", **place}]
    return {"finding": {"osv": "GO-2030-0001", "fixed_version": "v1.0.1", "trace": trace}}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def answer(*messages: dict[str, Any]) -> str:
    return "\n".join(json.dumps(message, indent=2) for message in messages) + "\n"


def test_code_that_is_in_the_program_counts_once_with_its_fix(programs: Path) -> None:
    inside = finding(package="example.com/m/p", function="Open")
    called = pretend(programs, "govulncheck", answer(LOOKED_AT, REPORT, finding(), inside, inside))
    [found] = govulncheck.binary(Path("program"), "linux/amd64 /app", DATABASE)
    assert (found.check, found.where, found.fix) == ("GO-2030-0001", "linux/amd64 /app", "example.com/m v1.0.1")
    assert "CVE-2030-1" in found.what and "v1.0.0" in found.what
    assert "file:///db" in called.read_text().splitlines()


def test_what_is_only_required_or_imported_does_not(programs: Path) -> None:
    pretend(programs, "govulncheck", answer(LOOKED_AT, REPORT, finding(), finding(package="example.com/m/p")))
    assert govulncheck.source(Path(), DATABASE) == []


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        (answer({"config": {}}), 0, "did not say"),
        (answer(LOOKED_AT), 1, "status 1"),
        ("no database", 0, "no JSON"),
    ],
)
def test_a_scan_that_did_not_happen_is_no_scan(programs: Path, text: str, code: int, word: str) -> None:
    pretend(programs, "govulncheck", text, code)
    with pytest.raises(CannotWork, match=word):
        govulncheck.binary(Path("program"), "linux/amd64 /app", DATABASE)
