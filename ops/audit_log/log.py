"""The audit log of one stack: append to it, read it, and verify its integrity."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from ops.audit_log import location
from ops.audit_log.record import ENTRY, Finished, Moved, Started
from ops.audit_log.store import AuditLogError, Store, open_store

AnyEntry = Started | Finished | Moved
EntryType = TypeVar("EntryType", Started, Finished, Moved)

RECENT = 20
"""Number of objects that a deployment reads."""

ATTEMPTS = 100
"""Maximum number of attempts when others write at the same time."""


@dataclass(frozen=True)
class Reading:
    """The result of reading the log.

    Attributes:
        entries: the readable entries, in order.
        problems: objects that were changed or removed; empty if the log is intact.
    """

    entries: tuple[AnyEntry, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class AuditLog:
    """The objects in one store, each with the hash of the previous one."""

    store: Store

    def append(self, entry: EntryType) -> EntryType:
        """Write `entry` after the last one, and return it with its number and hash.

        Concurrent writers all succeed, one after the other.

        Raises:
            AuditLogError: it cannot be written.
        """
        for _ in range(ATTEMPTS):
            last = max(self.store.numbers(), default=0)
            previous = digest(self.store.read([last])[last]) if last else ""
            numbered = entry.model_copy(update={"number": last + 1, "previous": previous})
            if self.store.add(last + 1, numbered.to_json()):
                return numbered
        raise AuditLogError(f"the audit log in {self.store.folder} has too many concurrent writers")

    def recent(self) -> Reading:
        """Read the last objects."""
        return self._reading(self.store.numbers()[-RECENT:])

    def read(self) -> Reading:
        """Read all objects, and verify the chain from the first to the last.

        Objects that were removed at the end are not detected here, because no hash refers to them. Pulumi's own
        history shows them.
        """
        return self._reading(self.store.numbers(), first=1)

    def copy_to(self, other: AuditLog) -> None:
        """Copy the objects that `other` does not have.

        Raises:
            AuditLogError: they cannot be copied, or `other` has different objects.
        """
        source, target = self.store.numbers(), set(other.store.numbers())
        common = [number for number in source if number in target]
        if target - set(source) or self.store.read(common) != other.store.read(common):
            raise AuditLogError(f"{other.store.folder} contains a different audit log: move it away")
        for number, content in self.store.read(set(source) - target).items():
            if not other.store.add(number, content):
                raise AuditLogError(f"the audit log in {other.store.folder} is being written by another process")

    def _reading(self, numbers: Sequence[int], first: int | None = None) -> Reading:
        contents = self.store.read(numbers)
        entries: list[AnyEntry] = []
        problems: list[str] = []
        expected = first if first is not None else min(numbers, default=1)
        previous: bytes | None = b"" if expected == 1 else None
        for number in numbers:
            if number != expected:
                problems.append(f"{_format_range(expected, number - 1)} removed")
                previous = None
            expected = number + 1
            try:
                entry = ENTRY.validate_json(contents[number])
            except ValidationError:
                problems.append(f"record {number} was changed: it cannot be parsed")
                previous = contents[number]
                continue
            if entry.number != number:
                problems.append(f"record {number} was changed: its number is {entry.number}")
            elif previous is not None and entry.previous != (digest(previous) if previous else ""):
                problems.append(f"record {max(number - 1, 1)} was changed after it was written")
            entries.append(entry)
            previous = contents[number]
        return Reading(tuple(entries), tuple(problems))


def open_log(stack: str, backend: str | None = None) -> AuditLog:
    """Open the audit log of a stack.

    Args:
        stack: name of the stack.
        backend: URL of its state backend (default: that of the project).

    Raises:
        StackError: its location is not configured, or cannot be opened.
    """
    return AuditLog(open_store(location.log_location(stack, backend or location.backend())))


def digest(content: bytes) -> str:
    """The SHA-256 of an object."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _format_range(first: int, last: int) -> str:
    return f"record {first} was" if first == last else f"records {first} to {last} were"
