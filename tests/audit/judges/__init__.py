"""The tools that judge, each with a function that gives what it has against the subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.audit.finding import Finding
from tests.audit.judges import checkov, hadolint, kube_score, kubeconform, trivy
from tests.audit.subjects import Subjects


@dataclass(frozen=True)
class Judge:
    """A tool, by the name that its findings and exceptions have."""

    name: str
    findings: Callable[[Subjects], list[Finding]]


JUDGES = (
    Judge("kubeconform", kubeconform.findings),
    Judge("kube-score", kube_score.findings),
    Judge("checkov", checkov.findings),
    Judge("trivy", trivy.findings),
    Judge("hadolint", hadolint.findings),
)
