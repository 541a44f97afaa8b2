"""Findings and outcomes of scans, and their output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, order=True)
class Finding:
    """A finding of a scan.

    Attributes:
        tool: who objects.
        check: the rule, or the vulnerability's identifier.
        where: file, package or binary.
        what: the objection in a sentence; never a secret.
        fix: what to do, where the tool knows.
    """

    tool: str
    check: str
    where: str
    what: str
    fix: str = field(default="", compare=False)

    def __str__(self) -> str:
        fix = f"\n    to fix: {self.fix}" if self.fix else ""
        return f"{self.tool} {self.check}: {self.where}\n    {self.what}{fix}"


@dataclass(frozen=True)
class Outcome:
    """The outcome of one scan.

    Attributes:
        name: of the scan.
        findings: what it objects to.
        excused: what it objects to, too, and waivers.yaml gives a reason for.
        data: what it knows vulnerabilities from.
        failure: why it could not work; empty when it did.
        waived: whether a scan that cannot work is let pass.
    """

    name: str
    findings: Sequence[Finding] = ()
    excused: Sequence[Finding] = ()
    data: str = ""
    failure: str = ""
    waived: bool = False

    @property
    def passes(self) -> bool:
        return not self.findings and (not self.failure or self.waived)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "passes": self.passes}

    def __str__(self) -> str:
        data = f" ({self.data})" if self.data else ""
        if self.failure and self.waived:
            return f"{self.name}: WAIVED, NOT SCANNED: {self.failure}"
        if self.failure:
            return f"{self.name}: CANNOT WORK: {self.failure}"
        accepted = f", {len(self.excused)} known" if self.excused else ""
        return f"{self.name}: {len(self.findings) or 'no'} findings{accepted}{data}"


def tell(outcomes: Iterable[Outcome]) -> bool:
    """Print every outcome, then every finding; whether all of it passes."""
    reported = list(outcomes)
    print("\n".join(map(str, reported)))
    for finding in sorted({finding for outcome in reported for finding in outcome.findings}):
        print(f"\n{finding}")
    return all(outcome.passes for outcome in reported)
