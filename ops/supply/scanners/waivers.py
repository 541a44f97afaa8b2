"""Accepted findings of scans: waivers.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from ops.supply.scanners.finding import Finding
from ops.supply.tool import CannotWork

FILE = Path(__file__).with_name("waivers.yaml")
SHORTEST_REASON = 20
"""Minimum length in characters. «No» and «later» are no reasons."""

LONGEST_DAYS = 180
"""Maximum days until an exception for a vulnerability expires: knowledge about vulnerabilities changes."""

VULNERABILITIES = frozenset({"govulncheck", "pip-audit"})
"""The tools whose findings come from data that grows: their exceptions have to expire."""


@dataclass(frozen=True)
class Waiver:
    """One exception; `check` and `where` may hold `*`. Without `expires` it holds as long as something needs it."""

    tool: str
    check: str
    where: str
    reason: str
    expires: date | None = None

    def covers(self, finding: Finding) -> bool:
        named = fnmatchcase(finding.check, self.check) and fnmatchcase(finding.where, self.where)
        return self.tool == finding.tool and named

    def __str__(self) -> str:
        return f"{self.tool} {self.check}: {self.where}"


def load(file: Path | None = None) -> list[Waiver]:
    """The exceptions, of waivers.yaml if no other file is given.

    Raises:
        CannotWork: entries are incomplete, give no reason, or do not expire and should: all of them are named.
    """
    file = file or FILE
    entries = yaml.safe_load(file.read_text()) or []
    if wrong := [problem for entry in entries if (problem := _problem(entry))]:
        raise CannotWork("\n".join(f"{file.name}: {problem}" for problem in wrong))
    return [Waiver(**entry) for entry in entries]


def _problem(entry: Any) -> str:
    required = {"tool", "check", "where", "reason"}
    if not isinstance(entry, dict) or not required <= set(entry) <= {*required, "expires"}:
        return f"{entry}: each has a tool, a check, a where and a reason, and may have an expires, nothing else"
    waiver = Waiver(**entry)
    if len(str(waiver.reason).strip()) < SHORTEST_REASON:
        return f"{waiver}: it has no reason"
    if waiver.tool not in VULNERABILITIES:
        return ""
    if not isinstance(waiver.expires, date):
        return f"{waiver}: an exception for a vulnerability has to expire, for example `expires: {_today()}`"
    if (waiver.expires - _today()).days > LONGEST_DAYS:
        return f"{waiver}: it expires on {waiver.expires}, more than {LONGEST_DAYS} days from now"
    return ""


def split(
    findings: Iterable[Finding], waivers: Sequence[Waiver], today: date | None = None
) -> tuple[list[Finding], list[Finding]]:
    """The findings that count, and those that an exception covers which has not expired."""
    valid = [waiver for waiver in waivers if waiver.expires is None or waiver.expires >= (today or _today())]
    counted: list[Finding] = []
    excused: list[Finding] = []
    for finding in findings:
        (excused if any(waiver.covers(finding) for waiver in valid) else counted).append(finding)
    return counted, excused


def stale(
    findings: Iterable[Finding], waivers: Iterable[Waiver], tools: Iterable[str], today: date | None = None
) -> list[Finding]:
    """The exceptions for `tools` that no finding needs any more, and all that have expired, as findings themselves."""
    all_findings, tool_names = list(findings), set(tools)
    left = []
    for waiver in waivers:
        if waiver.expires is not None and waiver.expires < (today or _today()):
            what = f"this exception has expired on {waiver.expires}"
        elif waiver.tool in tool_names and not any(waiver.covers(finding) for finding in all_findings):
            what = "no finding needs this exception any more"
        else:
            continue
        left.append(Finding("waivers.yaml", "stale", str(waiver), what, f"remove it from {FILE.name}, or renew it"))
    return left


def _today() -> date:
    return datetime.now(UTC).date()
