"""Repairs a local backend after a killed update, which may leave an empty file that Pulumi cannot read.

The library that Pulumi uses for local backends (gocloud.dev, fileblob) writes the state atomically, but the attributes
of each file to a second file, `….attrs`, in place. A `kill -9` in between leaves that one empty. From then on, every
command fails with "failed to load checkpoint: EOF", although the state is complete. Pulumi does not use the attributes.
"""

from __future__ import annotations

from pathlib import Path

from ops.audit_log import location
from ops.stack.stack_error import StackError


def repair() -> None:
    """Repair this project's backend, if it is a local folder."""
    try:
        repair_backend(location.backend())
    except StackError:  # no backend is configured
        return


def repair_backend(backend: str) -> None:
    """Remove empty attribute files in a backend.

    Args:
        backend: its URL; only local folders are repaired.
    """
    if not backend.startswith("file://"):
        return
    for file in Path(location.parse_url(backend).folder, ".pulumi").rglob("*.attrs"):
        if file.is_file() and file.stat().st_size == 0:
            file.unlink(missing_ok=True)  # a file that is being written may be removed, too
