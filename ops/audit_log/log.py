"""The log of one stack: append to it, read it, and know whether it is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from ops.audit_log import location
from ops.audit_log.record import ENTRY, Finished, Moved, Started
from ops.audit_log.store import AuditLogError, Store, opened

AnyEntry = Started | Finished | Moved
Written = TypeVar("Written", Started, Finished, Moved)

RECENT = 20
"""Objects that a deployment looks back at."""

ATTEMPTS = 100
"""So many others may write at the same time."""


@dataclass(frozen=True)
class Reading:
    """What was read.

    Attributes:
        entries: in order, as far as they can be read.
        problems: what was changed or removed since it was written; nothing, if the log is whole.
    """

    entries: tuple[AnyEntry, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class AuditLog:
    """The objects in one store, each with the hash of the one before it."""

    store: Store

    def append(self, entry: Written) -> Written:
        """Write `entry` after the last one, and return it as it was written.

        Two that append at once both succeed, one after the other.

        Raises:
            AuditLogError: when it cannot be written.
        """
        for _ in range(ATTEMPTS):
            last = max(self.store.numbers(), default=0)
            previous = digest(self.store.read([last])[last]) if last else ""
            numbered = entry.model_copy(update={"number": last + 1, "previous": previous})
            if self.store.add(last + 1, numbered.written()):
                return numbered
        raise AuditLogError(f"the audit log in {self.store.folder} is written by too many at once")

    def recent(self) -> Reading:
        """The last objects."""
        return self._reading(self.store.numbers()[-RECENT:])

    def read(self) -> Reading:
        """All of it, and whether the chain holds from the first object to the last.

        What was cut off at the end is not seen: nothing points at it. Pulumi's own history shows it.
        """
        return self._reading(self.store.numbers(), first=1)

    def copy_to(self, other: AuditLog) -> None:
        """Copy what `other` does not have yet.

        Raises:
            AuditLogError: when it cannot be copied, or `other` has something else.
        """
        mine, theirs = self.store.numbers(), set(other.store.numbers())
        both = [number for number in mine if number in theirs]
        if theirs - set(mine) or self.store.read(both) != other.store.read(both):
            raise AuditLogError(f"{other.store.folder} holds the audit log of something else: move it away")
        for number, content in self.store.read(set(mine) - theirs).items():
            if not other.store.add(number, content):
                raise AuditLogError(f"the audit log in {other.store.folder} is being written by somebody else")

    def _reading(self, numbers: Sequence[int], first: int | None = None) -> Reading:
        contents = self.store.read(numbers)
        entries: list[AnyEntry] = []
        problems: list[str] = []
        expected = first if first is not None else min(numbers, default=1)
        before: bytes | None = b"" if expected == 1 else None
        for number in numbers:
            if number != expected:
                problems.append(f"{_named(expected, number - 1)} removed")
                before = None
            expected = number + 1
            try:
                entry = ENTRY.validate_json(contents[number])
            except ValidationError:
                problems.append(f"record {number} was changed: it cannot be read any more")
                before = contents[number]
                continue
            if entry.number != number:
                problems.append(f"record {number} was changed: it says that it is record {entry.number}")
            elif before is not None and entry.previous != (digest(before) if before else ""):
                problems.append(f"record {max(number - 1, 1)} was changed after it was written")
            entries.append(entry)
            before = contents[number]
        return Reading(tuple(entries), tuple(problems))


def of_stack(stack: str, backend: str | None = None) -> AuditLog:
    """The log of `stack`, whose state lies in `backend`, a URL; where the project has it, if that is left out.

    Raises:
        StackError: when its place is not known, or cannot be opened.
    """
    return AuditLog(opened(location.of_log(stack, backend or location.backend())))


def digest(content: bytes) -> str:
    """The SHA-256 of an object."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _named(first: int, last: int) -> str:
    return f"record {first} was" if first == last else f"records {first} to {last} were"
