"""What the user is told when something cannot be had."""

from __future__ import annotations

ENSURE = "python3 -m toolchain ensure"
"""The command that puts most things right."""


class Problem(Exception):
    """Something is wrong that the user can put right.

    `fix` is a command to type, or one sentence about what to do.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}\n  to fix: {self.fix}"
