"""The exit codes of `preview` and `drift`, for a pipeline.

A change is told apart from «no change» only with `--detailed-exitcode`, as `terraform plan` does: without it, the
`make preview` of an ordinary change does not look like a failure.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a preview ended."""

    NO_CHANGE = 0
    ERROR = 1
    CHANGE = 2
    DESTRUCTIVE = 3
    """Data or something protected would go, and nobody has allowed it by name."""


def shown(code: ExitCode, *, detailed: bool) -> int:
    """What the process ends with."""
    return int(ExitCode.NO_CHANGE if code is ExitCode.CHANGE and not detailed else code)
