"""Pulumi's copies of a state in a folder, of which it never removes any: with each update some hundred KiB more."""

from __future__ import annotations

from pathlib import Path

from ops.audit_log import location
from ops.stack.cli import StackError

KEPT = {"history/*.history.json": 200, "history/*.checkpoint.json": 10, "backups/*.json": 20}
"""How many of the newest of each kind are kept: what an update was, the state that it left, the states before."""

ATTRIBUTES = ".attrs"
"""Ending of what the library that writes them (gocloud.dev, fileblob) notes beside each file."""


def prune(stack: str) -> None:
    """Remove the oldest copies of the state of `stack`; nothing where that is not in a folder, or another process does.

    A bucket has rules of its own for what is old (docs/state.md).
    """
    try:
        backend = location.backend()
        folder = Path(location.of_url(backend).folder, ".pulumi") if backend.startswith("file://") else None
    except StackError:
        return
    if folder is None:
        return
    for kind, kept in KEPT.items():
        part, _, pattern = kind.partition("/")
        copies = folder / part / str(location.project().get("name")) / stack
        files = [*copies.glob(pattern), *copies.glob(f"{pattern}.gz")]
        # Their names end with the time, in nanoseconds since 1970, of the same length for centuries.
        for old in sorted(files, key=lambda file: file.name, reverse=True)[kept:]:
            old.unlink(missing_ok=True)
            old.with_name(old.name + ATTRIBUTES).unlink(missing_ok=True)
