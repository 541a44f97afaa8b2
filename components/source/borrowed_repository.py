"""An empty repository that borrows the objects of another one (gitrepository-layout(5), `objects/info/alternates`).

The other repository's configuration, index, hooks, attributes, replacements and grafts have no effect in it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def create(root: Path, objects: Path, copied: Sequence[Path], algorithm: str) -> Path:
    """Create the repository.

    Args:
        root: its folder, which exists and is empty.
        objects: folder of the objects to borrow.
        copied: the `shallow` and `info/exclude` files of the other repository, which are copied if they exist.
        algorithm: sha1 or sha256.

    Returns:
        `root`.
    """
    (root / "objects/info").mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "HEAD").write_text("ref: refs/heads/none\n")
    (root / "objects/info/alternates").write_bytes(os.fsencode(objects) + b"\n")
    version, extension = ("1", f"[extensions]\n\tobjectFormat = {algorithm}\n") if algorithm != "sha1" else ("0", "")
    (root / "config").write_text(f"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n{extension}")
    (root / "info").mkdir()
    for name, file in zip(("shallow", "info/exclude"), copied, strict=True):
        if file.is_file():
            (root / name).write_bytes(file.read_bytes())
    return root
