"""The list of exceptions keeps itself short and honest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit import exceptions
from tests.audit.exceptions import Known
from tests.audit.finding import Finding, report

PRIVILEGED = Finding("trivy", "KSV-0017", "Pod/bad", "it is privileged", "make it unprivileged")
KNOWN = Known("trivy", "KSV-0017", "Pod/*", "it has to be, for this test")
ENTRY = "- {tool: trivy, check: KSV-0017, object: Pod/bad, "


def write(folder: Path, text: str) -> Path:
    file = folder / "exceptions.yaml"
    file.write_text(text)
    return file


def test_a_known_finding_passes_and_every_other_one_does_not() -> None:
    of_another = Finding("trivy", "KSV-0017", "Deployment/bad", "it is privileged")
    assert exceptions.unexcused([PRIVILEGED, of_another], [KNOWN]) == [of_another]


@pytest.mark.parametrize("other", [{"tool": "checkov"}, {"check": "KSV-0018"}, {"object": "Pod/worse"}])
def test_an_exception_that_no_finding_needs_is_stale(other: dict[str, str]) -> None:
    unneeded = Known(**{**vars(KNOWN), **other})
    assert exceptions.stale([PRIVILEGED], [KNOWN, unneeded]) == [unneeded]


@pytest.mark.parametrize(
    "rest", ["reason: ''}", "reason: later}", "severity: low, reason: it is as it has to be}", "}"]
)
def test_an_exception_without_a_reason_is_refused(tmp_path: Path, rest: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        exceptions.load(write(tmp_path, ENTRY + rest))


def test_a_finding_says_who_objects_to_what_and_what_to_do() -> None:
    assert report([PRIVILEGED, PRIVILEGED]).splitlines() == [
        "1 findings",
        "trivy KSV-0017: Pod/bad",
        "    it is privileged",
        "    to fix: make it unprivileged",
    ]
