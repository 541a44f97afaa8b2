"""Problems of a deployment, and the error that lists all of them with their fixes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class Problem:
    """A reason why a stack cannot be deployed.

    Attributes:
        key: the configuration key, as `pulumi config` names it, or the name of the checked object.
        found: the current value, in words; never a secret.
        allowed: the accepted values, in words.
        fix: the command that fixes it.
    """

    key: str
    found: str
    allowed: str
    fix: str

    def __str__(self) -> str:
        lines = [f"found    {self.found}", f"allowed  {self.allowed}", f"fix      {self.fix}"]
        return "\n".join([self.key, *(f"     {line}" for line in lines)])


def member(setting: str, name: str) -> str:
    """The configuration path of a member of a setting.

    Args:
        setting: path of a setting whose members have names that the user chooses.
        name: name of the member; quoted if Pulumi would parse it as a path.
    """
    return f"mimir:{setting}" + (f".{name}" if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'["{name}"]')


def remove(key: str) -> str:
    """The command that removes a setting from the stack file."""
    return f"pulumi config rm --path '{key}'"


def without_effect(key: str, where: str) -> Problem:
    """The problem of a setting that would be ignored.

    Args:
        key: configuration key of the setting.
        where: the combination in which it has no effect, as the end of a sentence.
    """
    return Problem(key, f"a setting without an effect {where}", "nothing: it would be lost in silence", remove(key))


def listed(problems: Sequence[Problem]) -> str:
    """The problems as a numbered list, separated by blank lines."""
    return "\n\n".join(f"  {number}. {problem}" for number, problem in enumerate(problems, 1))


class DeploymentError(pulumi.RunError):
    """Raised before any resource is created; it lists every problem.

    It is a `RunError`, so that Pulumi prints only the message, without a Python traceback.

    Attributes:
        problems: the problems that it lists.
    """

    def __init__(self, stack: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{count} in stack '{stack}'; nothing was changed.\n\n{listed(problems)}\n")
