"""Removes old copies of the state in a local backend: Pulumi never does, and each update adds some hundred KiB."""

from __future__ import annotations

from pathlib import Path

from ops.audit_log import location
from ops.stack.stack_error import StackError

KEPT = {"history/*.history.json": 200, "history/*.checkpoint.json": 10, "backups/*.json": 20}
"""Number of newest files that are kept of each kind: updates, the states after them, and the states before them."""

ATTRIBUTES = ".attrs"
"""Suffix of the file that the storage library (gocloud.dev, fileblob) writes for each file."""


def prune(stack: str) -> None:
    """Remove the oldest copies of the state of `stack` from a local backend; other backends are not changed.

    Buckets have lifecycle rules for this (docs/state.md).
    """
    try:
        backend = location.backend()
        folder = Path(location.parse_url(backend).folder, ".pulumi") if backend.startswith("file://") else None
    except StackError:
        return
    if folder is None:
        return
    for kind, kept in KEPT.items():
        part, _, pattern = kind.partition("/")
        copies = folder / part / str(location.project().get("name")) / stack
        files = [*copies.glob(pattern), *copies.glob(f"{pattern}.gz")]
        # File names end with the time in nanoseconds since 1970, always with the same number of digits.
        for old in sorted(files, key=lambda file: file.name, reverse=True)[kept:]:
            old.unlink(missing_ok=True)
            old.with_name(old.name + ATTRIBUTES).unlink(missing_ok=True)
