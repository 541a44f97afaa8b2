"""Trivy's checks of configurations: the Pod Security Standards and more, for manifests and Dockerfiles. All checks."""

from __future__ import annotations

from pathlib import Path

from tests.audit.ask import answer
from tests.audit.finding import Finding
from tests.audit.subjects import Subjects, title


def findings(subjects: Subjects) -> list[Finding]:
    return [*_of("kubernetes", subjects.manifests), *_of("dockerfile", subjects.dockerfiles)]


def _of(kind: str, folder: Path) -> list[Finding]:
    if not any(folder.iterdir()):
        return []
    judged = answer(["trivy-misconfig", kind, str(folder)])
    assert judged["passed"], "no check was made"
    return [
        Finding("trivy", one["check"], title(one["file"]), f"{one['severity']}: {one['message']}", one["fix"])
        for one in judged["findings"]
    ]
