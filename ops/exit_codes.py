"""The exit codes of `preview` and `drift`, for pipelines.

A change has an exit code of its own only with `--detailed-exitcode`, as in `terraform plan`. Without it, `make preview`
of an ordinary change does not look like a failure.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The result of a preview or drift report."""

    NO_CHANGE = 0
    ERROR = 1
    CHANGE = 2
    DESTRUCTIVE = 3
    """Data or a protected resource would be destroyed, and `--allow` does not name it."""


def process_exit_code(code: ExitCode, *, detailed: bool) -> int:
    """The exit code of the process.

    Args:
        code: the result.
        detailed: whether a change has an exit code of its own.
    """
    return int(ExitCode.NO_CHANGE if code is ExitCode.CHANGE and not detailed else code)
