"""Where those who judge changes write down what they found."""

from __future__ import annotations

from collections.abc import Sequence

from ops.report.change import Change

KEPT = "it is kept on the platform, but no longer used"
LOST = "**its data is deleted**"


class Effects:
    """What is found while the changes are judged one by one.

    Attributes:
        changes: all of them; one may explain another.
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
        """Whether nothing ran before."""
        return all(change.kind == "create" for change in self.changes)

    def data(self, change: Change, what: str) -> None:
        """Say what happens to the data in `change`, a volume or something that holds some."""
        if change.kind == "create":
            self.volumes.append(f"{what} `{change.name}` is created, empty or as it was left")
        elif change.kind == "update":
            self.volumes.append(f"{what} `{change.name}` changes in place; its data stays")
        else:
            then = "an empty one takes its place; " if change.kind == "replace" else ""
            self.volumes.append(f"{what} `{change.name}` is {change.kind}d: {then}{KEPT if change.retained else LOST}")
            self.destructive.append(change)
