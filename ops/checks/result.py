"""What one check has found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One check.

    Attributes:
        name: what must be true.
        problem: what was found instead, or None.
    """

    name: str
    problem: str | None = None

    def __str__(self) -> str:
        return f"FAIL  {self.name}: {self.problem}" if self.problem else f"ok    {self.name}"


def expect(name: str, found: object, *allowed: object) -> Result:
    """The result of a comparison."""
    wanted = " or ".join(map(str, allowed))
    return Result(name, None if found in allowed else f"found {found}, wanted {wanted}")
