"""Kube-score: the objects together are a service that survives updates, drains and neighbours. All checks."""

from __future__ import annotations

from typing import Any

from tests.audit.ask import answer, text
from tests.audit.finding import Finding
from tests.audit.subjects import Subjects, title

GRADED = frozenset({"Deployment", "HorizontalPodAutoscaler", "NetworkPolicy", "Pod", "PodDisruptionBudget", "Service"})
"""The kinds of ours that it has checks for; of others it says nothing."""

ALL_WELL = 10
"""The best grade; a warning has 5, and «almost» has 7."""


def findings(subjects: Subjects) -> list[Finding]:
    files = [str(file) for file in subjects.manifest_files]
    optional = [argument for check in optional_checks() for argument in ("--enable-optional-test", check)]
    judged = answer(["kube-score", "score", "--output-format", "json", *optional, *files])
    graded = {_title(thing) for thing in judged}
    ignored = [one for one in map(title, files) if one.split("/")[0] in GRADED and one not in graded]
    assert not ignored, f"it did not look at {ignored}"
    return [finding for thing in judged for check in thing["checks"] for finding in _of_check(thing, check)]


def optional_checks() -> list[str]:
    """The checks that it makes only when it is asked to."""
    return [line.split(",")[0] for line in text(["kube-score", "list"]).splitlines() if line.endswith(",optional")]


def _of_check(thing: dict[str, Any], check: dict[str, Any]) -> list[Finding]:
    if check["skipped"] or check["grade"] >= ALL_WELL:
        return []
    return [
        Finding(
            "kube-score",
            check["check"]["id"],
            _title(thing),
            _words(said["path"], said["summary"]),
            said["description"],
        )
        for said in check["comments"] or [{"path": "", "summary": check["check"]["comment"], "description": ""}]
    ]


def _title(thing: dict[str, Any]) -> str:
    return f"{thing['type_meta']['kind']}/{thing['object_meta']['name']}"


def _words(path: str, summary: str) -> str:
    return f"{path}: {summary}" if path else summary
