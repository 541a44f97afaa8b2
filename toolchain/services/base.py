"""What every service can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from toolchain.report import Row
from toolchain.services.question import Question


class Service(Protocol):
    """A service that the toolchain finds or starts."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    def look(self) -> Row:
        """Its state. Changes nothing; a problem is in the row."""

    def ensure(self) -> Row:
        """Have it running. Raises Problem when that cannot be."""

    def environment(self) -> Mapping[str, str]:
        """The variables with which programs find it, if it is ours; nothing if it is the user's own."""

    def questions(self) -> Sequence[Question] | None:
        """What shows in milliseconds that it is as `ensure` has left it; None where that takes longer to find out."""

    def stop(self) -> list[str]:
        """Stop it if the toolchain started it; what was stopped, in words."""
