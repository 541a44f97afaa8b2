"""Formats a line for each resource operation that has ended, in Pulumi's terms."""

from __future__ import annotations

from ops.display import duration
from ops.display.events import Operation

VERBS = {
    "create": ("+ ", "creating", "created"),
    "update": ("~ ", "updating", "updated"),
    "delete": ("- ", "deleting", "deleted"),
    "create-replacement": ("++", "creating replacement", "created replacement"),
    "delete-replaced": ("--", "deleting original", "deleted original"),
    "import": ("= ", "importing", "imported"),
    "import-replacement": ("=>", "importing replacement", "imported replacement"),
    "refresh": ("~ ", "refreshing", "refreshed"),
    "read": ("> ", "reading", "read"),
}
"""For each operation: its sign, its present participle and its past participle."""

SILENT = {"same", "replace", "read", "read-replacement", "remove-pending-replace"}
"""Operations that change nothing by themselves: `replace` is between the creation of a replacement and the deletion."""


class Operations:
    """The running operations, with their start times."""

    def __init__(self) -> None:
        self._begun: dict[tuple[str, str], float] = {}

    def line(self, operation: Operation, now: float) -> str | None:
        """Format an event.

        Args:
            operation: the event.
            now: time of the event, in seconds of a monotonic clock.

        Returns:
            The line of an operation that has ended or failed; None for one that begins, is planned or changes nothing.
        """
        key = (operation.resource.urn, operation.op)
        if operation.phase == "begin":
            self._begun[key] = now
            return None
        seconds = now - self._begun.pop(key, now)
        description = _describe(operation)
        if operation.is_planned or description is None:
            return None
        sign = VERBS.get(operation.op, ("  ",))[0]
        return f" {sign} {operation.resource} {description}{duration.suffix(seconds)}"


def _describe(operation: Operation) -> str | None:
    """What was done; None if nothing was."""
    _, doing, done = VERBS.get(operation.op, ("", operation.op, operation.op))
    if operation.phase == "failure":
        return f"{doing} failed"
    if operation.op == "refresh":
        return _drift(operation)
    if operation.op in SILENT:
        return None
    return "removed from the state only" if operation.is_retained and operation.op.startswith("delete") else done


def _drift(operation: Operation) -> str | None:
    """How a resource differs from the state."""
    if operation.new is None:
        return "is gone"
    return None if operation.new == operation.old else "was changed outside of Pulumi"
