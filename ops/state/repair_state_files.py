"""What a killed update may leave beside a state in a folder: an empty file, with which Pulumi reads nothing.

The library with which Pulumi keeps a state in a folder (gocloud.dev, fileblob) writes the state itself in one step, but
the attributes of each file into another, `….attrs`, in place. A `kill -9` in the middle of that leaves it empty, and
from then on every command ends with «failed to load checkpoint: EOF», though the state is whole. Nobody needs the
attributes.
"""

from __future__ import annotations

from pathlib import Path

from ops.audit_log import location
from ops.stack.cli import StackError


def mend() -> None:
    """Remove what a killed update has left beside the state that this project names, if it is in a folder."""
    try:
        mend_in(location.backend())
    except StackError:  # none is named, so it is no folder of the project
        return


def mend_in(backend: str) -> None:
    """Remove empty files of attributes in `backend`, the URL of a state; nothing where that is no folder."""
    if not backend.startswith("file://"):
        return
    for file in Path(location.of_url(backend).folder, ".pulumi").rglob("*.attrs"):
        if file.is_file() and file.stat().st_size == 0:
            file.unlink(missing_ok=True)  # one that is just being written may go as well
