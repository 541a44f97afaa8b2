"""Collects policy violations: advisory ones are shown with their pack, mandatory ones at the end."""

from __future__ import annotations

from collections.abc import Iterable

from ops.display.events import Violation

MANDATORY = "mandatory"
INDENT = "    "


class Policies:
    """The violations of a preview and of the update after it."""

    def __init__(self) -> None:
        self._new: list[Violation] = []
        self._shown: set[Violation] = set()

    def keep(self, violation: Violation) -> None:
        """Keep a violation that was not shown yet."""
        if violation not in self._shown:
            self._new.append(violation)
            self._shown.add(violation)

    def lines(self, packs: Iterable[str]) -> list[str]:
        """The result of each policy pack, with the advisory violations that were not shown yet.

        Args:
            packs: packs that were evaluated, with their versions.
        """
        lines: list[str] = []
        for pack in packs:
            violations = [violation for violation in self._shown if violation.pack == pack]
            sign = "✅" if not violations else "❌" if any(map(_is_mandatory, violations)) else "⚠️"
            lines.append(f"{INDENT}{sign} {pack}")
            advice = [violation for violation in self._new if violation.pack == pack and not _is_mandatory(violation)]
            lines += [line for violation in advice for line in _lines(violation, 2 * INDENT)]
            self._new = [violation for violation in self._new if violation not in advice]
        return ["Policies:", *lines] if lines else []

    def mandatory(self) -> list[str]:
        """The violations that stopped the deployment."""
        violations = filter(_is_mandatory, self._new)
        lines = [line for violation in violations for line in _lines(violation, INDENT)]
        return ["Policy violations:", *lines] if lines else []


def _is_mandatory(violation: Violation) -> bool:
    return violation.level == MANDATORY


def _lines(violation: Violation, indent: str) -> list[str]:
    """A violation in Pulumi's format."""
    severity = f" [severity: {violation.severity}]" if violation.severity else ""
    where = f"  ({violation.resource.type}: {violation.resource.name})" if violation.resource.urn else ""
    heading = f"{indent}- [{violation.level}]{severity}  {violation.policy}{where}"
    return [heading, *(f"{indent}  {line}" for line in violation.text.splitlines())]
