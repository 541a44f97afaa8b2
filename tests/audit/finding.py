"""What a tool has against something, in the same words for every tool."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One objection.

    Attributes:
        tool: who objects.
        check: the tool's name for the rule.
        where: what it objects to, such as Deployment/mimir-prod or container/Dockerfile.
        message: what is wrong.
        fix: what the tool advises, where it does.
    """

    tool: str
    check: str
    where: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        lines = [f"{self.tool} {self.check}: {self.where}", f"    {self.message}"]
        return "\n".join([*lines, *([f"    to fix: {self.fix}"] if self.fix else [])])


def report(findings: Iterable[Finding]) -> str:
    """The findings for a person, one below the other."""
    listed = sorted(set(findings))
    return "\n".join([f"{len(listed)} findings", *map(str, listed)])
