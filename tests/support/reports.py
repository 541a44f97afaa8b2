"""A report of announced changes."""

from __future__ import annotations

from typing import Any

from ops.report.change import fold
from ops.report.meaning import meaning
from ops.report.report import Report


def report(*announced: Any, **more: Any) -> Report:
    changes = fold(step for group in announced for step in group)
    given: dict[str, Any] = {
        "stack": "dev",
        "kind": "preview",
        "changes": changes,
        "meaning": meaning.assess(changes),
        "unchanged": 3,
        "image": "not rebuilt",
        "settings": ("environment.logLevel",),
        "command": "make preview STACK=dev",
        **more,
    }
    return Report(**given)
