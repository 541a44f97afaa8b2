"""What is known, and meant to be so: exceptions.yaml."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from tests.audit.finding import Finding

FILE = Path(__file__).with_name("exceptions.yaml")
SHORTEST_REASON = 20
"""Characters. «No» and «later» are no reasons."""


@dataclass(frozen=True)
class Known:
    """One exception; `object` may hold `*`."""

    tool: str
    check: str
    object: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        same = (self.tool, self.check) == (finding.tool, finding.check)
        return same and fnmatchcase(finding.where, self.object)

    def __str__(self) -> str:
        return f"{self.tool} {self.check}: {self.object}"


def load(file: Path = FILE) -> list[Known]:
    """The exceptions.

    Raises:
        ValueError: an entry is incomplete, or gives no reason; the message names the entry.
    """
    known = []
    for entry in yaml.safe_load(file.read_text()):
        missing = {"tool", "check", "object", "reason"} ^ set(entry)
        if missing:
            raise ValueError(f"{file.name}: {entry}: each has a tool, a check, an object and a reason, nothing else")
        one = Known(**entry)
        if len(one.reason.strip()) < SHORTEST_REASON:
            raise ValueError(f"{file.name}: {one}: it has no reason")
        known.append(one)
    return known


def unexcused(findings: Iterable[Finding], known: Iterable[Known]) -> list[Finding]:
    """The findings that no exception covers."""
    exceptions = list(known)
    return [finding for finding in findings if not any(one.covers(finding) for one in exceptions)]


def stale(findings: Iterable[Finding], known: Iterable[Known]) -> list[Known]:
    """The exceptions that no finding needs."""
    made = list(findings)
    return [one for one in known if not any(one.covers(finding) for finding in made)]
