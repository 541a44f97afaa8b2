"""Hadolint: the good practice of Dockerfiles, with ShellCheck for their commands. All rules."""

from __future__ import annotations

from tests.audit.ask import answer
from tests.audit.finding import Finding
from tests.audit.subjects import Subjects, title

ARGUMENTS = ("--format", "json", "--disable-ignore-pragma")
"""No exception but those in exceptions.yaml."""


def findings(subjects: Subjects) -> list[Finding]:
    judged = answer(["hadolint", *ARGUMENTS, *(str(file) for file in subjects.dockerfile_files)])
    return [
        Finding(
            "hadolint", one["code"], title(one["file"]), f"line {one['line']}: {one['message']}", _page(one["code"])
        )
        for one in judged
    ]


def _page(code: str) -> str:
    wiki = "koalaman/shellcheck" if code.startswith("SC") else "hadolint/hadolint"
    return f"https://github.com/{wiki}/wiki/{code}"
