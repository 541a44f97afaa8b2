"""One error for everything that is wrong, written for the person who has to mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class Problem:
    """One thing that keeps a stack from being deployed.

    Attributes:
        key: the configuration key, as `pulumi config` names it, or the thing that was looked at.
        found: what was found there; never a secret.
        allowed: what would be accepted.
        fix: the command that mends it.
    """

    key: str
    found: str
    allowed: str
    fix: str

    def __str__(self) -> str:
        lines = [f"found    {self.found}", f"allowed  {self.allowed}", f"fix      {self.fix}"]
        return "\n".join([self.key, *(f"     {line}" for line in lines)])


def member(setting: str, name: str) -> str:
    """Path of `name` in a setting of free names, quoted where Pulumi would read the name as a path itself."""
    return f"mimir:{setting}" + (f".{name}" if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'["{name}"]')


def remove(key: str) -> str:
    """The command that takes a setting out of the stack file."""
    return f"pulumi config rm --path '{key}'"


def without_effect(key: str, where: str) -> Problem:
    """A setting that would be lost in silence; `where` is what it has no effect with."""
    return Problem(key, f"a setting without an effect {where}", "nothing: it would be lost in silence", remove(key))


def listed(problems: Sequence[Problem]) -> str:
    """`problems`, numbered, with space between them."""
    return "\n\n".join(f"  {number}. {problem}" for number, problem in enumerate(problems, 1))


class DeploymentError(pulumi.RunError):
    """Raised before anything is created, with every problem at once.

    A `RunError`, so that Pulumi prints the message alone, without a Python traceback.
    """

    def __init__(self, stack: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{count} in stack '{stack}'; nothing was changed.\n\n{listed(problems)}\n")
