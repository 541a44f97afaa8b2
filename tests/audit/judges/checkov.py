"""Checkov: the rules of the CIS benchmarks and of its makers, for manifests and Dockerfiles. All checks."""

from __future__ import annotations

from typing import Any

from tests.audit.ask import answer
from tests.audit.finding import Finding
from tests.audit.subjects import Subjects, title

ARGUMENTS = ("--framework", "kubernetes", "dockerfile", "--output", "json", "--quiet", "--compact", "--skip-download")
"""Without a download of texts and severities from its makers' service: the rules themselves are in the package."""


def findings(subjects: Subjects) -> list[Finding]:
    judged = answer(["checkov", "--directory", str(subjects.folder), *ARGUMENTS])
    reports = judged if isinstance(judged, list) else [judged]
    looked_at = sum(report["summary"]["resource_count"] for report in reports)
    unread = [report["results"]["parsing_errors"] for report in reports if report["summary"]["parsing_errors"]]
    assert not unread, f"it could not read {unread}"
    assert looked_at >= len(subjects.manifest_files + subjects.dockerfile_files), "it did not look at everything"
    return [_finding(failed) for report in reports for failed in report["results"]["failed_checks"]]


def _finding(failed: dict[str, Any]) -> Finding:
    keys = [str(key) for key in failed["check_result"].get("evaluated_keys") or []]
    fix = failed["guideline"] or (f"see {', '.join(keys)}" if keys else "")
    return Finding("checkov", failed["check_id"], title(failed["file_path"]), failed["check_name"], fix)
