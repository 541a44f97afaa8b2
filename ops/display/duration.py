"""Formats durations."""

from __future__ import annotations

NOTABLE_SECONDS = 1.0
"""Shorter durations are not shown."""


def suffix(seconds: float) -> str:
    """The duration in parentheses, after a space; an empty string if it is not notable."""
    return f" ({words(seconds)})" if seconds > NOTABLE_SECONDS else ""


def words(seconds: float) -> str:
    """The duration, for example `3.4s` or `2m05s`."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02}s"
