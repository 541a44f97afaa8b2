"""The scan of the source: everything at once, and what cannot be scanned fails."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from ops.supply.commands import scan_source
from ops.supply.scanners import SCANS, python_packages, waivers
from ops.supply.tool import ENSURE
from tests.support.fake_programs import pretend
from tests.support.vulnerability_database import local

PACKAGE = {"name": "demo", "version": "1.0"}
HOLE = {"id": "PYSEC-1", "description": "a  hole\nin it", "fix_versions": ["1.1"], "aliases": []}


def packages(*entries: dict[str, Any]) -> str:
    return json.dumps({"dependencies": list(entries), "fixes": []})


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with nothing wrong, in which every tool answers; the folder that is PATH."""
    programs = tmp_path / "bin"
    pretend(programs, "bandit", '{"results": [], "errors": []}')
    pretend(programs, "detect-secrets", '{"results": {}}')
    pretend(programs, "pip-audit", packages({**PACKAGE, "vulns": []}))
    pretend(programs, "govulncheck", '{"SBOM": {}}')
    pretend(programs, "actionlint", "[]")
    pretend(programs, "zizmor", "[]")
    pretend(programs, "git")
    project = tmp_path / "project"
    (project / ".github/workflows").mkdir(parents=True)
    (project / ".github/workflows/ci.yml").write_text("on: push\n")
    (project / ".secrets.baseline").write_text('{"results": {}}')
    (project / "waivers.yaml").write_text("[]")
    monkeypatch.chdir(project)
    monkeypatch.setattr(waivers, "FILE", project / "waivers.yaml")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("GOVULNDB", local(tmp_path / "database"))
    return programs


def scan(*flags: str) -> int:
    parser = argparse.ArgumentParser()
    scan_source.arguments(parser)
    return scan_source.run(parser.parse_args(["--max-database-age", "36500", *flags]))


def test_with_nothing_wrong_it_passes_and_names_the_data(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scan() == 0
    assert "of 2030-01-01" in capsys.readouterr().out


def test_packages_without_advisories_fail_although_pip_audit_passes(
    clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it answers where PyPI has packages, but not its JSON interface, with exit code 0."""
    pretend(clean, "pip-audit", packages({"name": "demo", "skip_reason": "not found on PyPI"}))
    assert scan() == 1
    said = capsys.readouterr().out
    assert "pip-audit: CANNOT WORK" in said and "demo" in said
    assert python_packages.WHAT_TO_DO in said, "what to do about it"


@pytest.mark.parametrize("answer", ["", "requests.exceptions.ConnectionError"])
def test_an_advisory_service_out_of_reach_fails(clean: Path, answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    pretend(clean, "pip-audit", answer, code=1)
    assert scan() == 1
    assert python_packages.WHAT_TO_DO in capsys.readouterr().out


def test_a_waiver_lets_it_pass_loudly_and_in_the_evidence(
    clean: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(clean, "pip-audit", "", code=1)
    assert scan("--waive", "pip-audit", "--evidence", str(tmp_path / "evidence")) == 0
    assert "pip-audit: WAIVED, NOT SCANNED" in capsys.readouterr().out
    document = json.loads((tmp_path / "evidence/scan-source.json").read_text())
    [one] = [scan for scan in document["scans"] if scan["name"] == "pip-audit"]
    assert one["waived"] and one["failure"] and document["passes"]


def test_a_waiver_does_not_excuse_a_finding(clean: Path) -> None:
    pretend(clean, "pip-audit", packages({**PACKAGE, "vulns": [HOLE]}), code=1)
    assert scan("--waive", "pip-audit") == 1


def test_a_vulnerable_package_is_told_with_its_fix(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pretend(clean, "pip-audit", packages({**PACKAGE, "vulns": [HOLE]}), code=1)
    assert scan() == 1
    said = capsys.readouterr().out
    assert "PYSEC-1: demo 1.0" in said and "upgrade to 1.1" in said


@pytest.mark.parametrize("name", SCANS)
def test_a_tool_that_is_not_there_fails_and_the_others_still_run(
    clean: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (clean / name).unlink()
    assert scan() == 1
    said = capsys.readouterr().out
    assert f"{name}: CANNOT WORK" in said and ENSURE in said
    assert said.count("CANNOT WORK") == 1


@pytest.mark.parametrize(("answer", "code"), [("", 2), ("", 0), ("{}", 0), ("[{}]", 0)])
@pytest.mark.parametrize("name", ["bandit", "detect-secrets", "pip-audit", "govulncheck", "actionlint", "zizmor"])
def test_a_tool_that_breaks_or_answers_something_else_fails(
    clean: Path, name: str, answer: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(clean, name, answer, code)
    assert scan() == 1
    assert f"{name}: CANNOT WORK" in capsys.readouterr().out


def test_without_a_database_the_go_code_is_not_scanned(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVULNDB", "file:///nowhere")
    assert scan() == 1


def test_findings_of_several_tools_are_told_at_once(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {"test_id": "B602", "filename": "ops/x.py", "line_number": 3, "issue_text": "a shell", "more_info": "url"}
    pretend(clean, "bandit", json.dumps({"errors": [], "results": [{**found, "issue_severity": "HIGH"}]}), code=1)
    secret = {"type": "Private Key", "line_number": 1, "hashed_secret": "0"}
    pretend(clean, "detect-secrets", json.dumps({"results": {"key.pem": [secret]}}))
    line = {"kind": "syntax-check", "filepath": "ci.yml", "line": 1, "message": "no jobs"}
    pretend(clean, "actionlint", json.dumps([line]), code=1)
    place: dict[str, Any] = {"symbolic": {"kind": "Primary", "key": {"Local": {"verbatim_path": "ci.yml"}}}}
    place["concrete"] = {"location": {"start_point": {"row": 5}}}
    hole = {"ident": "artipacked", "desc": "a credential stays", "url": "url", "locations": [place], "ignored": False}
    pretend(clean, "zizmor", json.dumps([hole, {**hole, "ident": "unpinned", "ignored": True}]), code=13)
    assert scan() == 1
    said = capsys.readouterr().out
    told = ("bandit B602: ops/x.py", "Private Key: key.pem", "no jobs", "zizmor artipacked: ci.yml", "line 6: a cred")
    assert all(word in said for word in told), said
    assert "unpinned" not in said, "the workflow says why"


def test_a_secret_in_the_baseline_needs_a_reason_too(clean: Path) -> None:
    secret = {"type": "Private Key", "line_number": 1, "hashed_secret": "0"}
    results = json.dumps({"results": {"key.pem": [secret]}})
    pretend(clean, "detect-secrets", results)
    Path(".secrets.baseline").write_text(results)
    assert scan() == 1
    reason = "made up for a test of this very thing"
    Path("waivers.yaml").write_text(f"- {{tool: detect-secrets, check: baseline, where: key.pem, reason: {reason}}}\n")
    assert scan() == 0


def test_an_exception_that_nothing_needs_fails(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("waivers.yaml").write_text("- {tool: bandit, check: B1, where: a, reason: there was one some time ago}\n")
    assert scan() == 1
    assert "no finding needs this exception" in capsys.readouterr().out
