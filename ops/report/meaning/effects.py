"""Collects the effects of changes while they are assessed."""

from __future__ import annotations

from collections.abc import Sequence

from ops.report.change import Change

KEPT = "it is kept on the platform, but no longer used"
LOST = "**its data is deleted**"


class Effects:
    """Effects that are collected while the changes are assessed in turn.

    Attributes:
        changes: all changes; one change may explain another.
        interruptions, restarts, remarks, volumes, destructive: see `Meaning`.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        self.interruptions: list[str] = []
        self.restarts: list[str] = []
        self.remarks: list[str] = []
        self.volumes: list[str] = []
        self.destructive: list[Change] = []

    @property
    def first_deployment(self) -> bool:
        """Whether nothing was deployed before."""
        return all(change.kind == "create" for change in self.changes)

    def data(self, change: Change, what: str) -> None:
        """Record what happens to the data of a resource.

        Args:
            change: the change of the volume or claim.
            what: what the resource is, for the text: `volume` or `claim`.
        """
        if change.kind == "create":
            self.volumes.append(f"{what} `{change.name}` is created, empty or as it was left")
        elif change.kind == "update":
            self.volumes.append(f"{what} `{change.name}` changes in place; its data stays")
        else:
            then = "an empty one takes its place; " if change.kind == "replace" else ""
            self.volumes.append(f"{what} `{change.name}` is {change.kind}d: {then}{KEPT if change.retained else LOST}")
            self.destructive.append(change)
