"""The result of one check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """The result of a check.

    Attributes:
        name: the expectation.
        problem: what was found instead; None if the check passed.
    """

    name: str
    problem: str | None = None

    def __str__(self) -> str:
        return f"FAIL  {self.name}: {self.problem}" if self.problem else f"ok    {self.name}"


def expect(name: str, found: object, *allowed: object) -> Result:
    """Compare a value with the allowed ones.

    Args:
        name: the expectation.
        found: the actual value.
        allowed: the allowed values.
    """
    expected = " or ".join(map(str, allowed))
    return Result(name, None if found in allowed else f"found {found}, expected {expected}")
