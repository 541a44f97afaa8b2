"""Removes what no checkout uses any more."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from toolchain.layout import Layout
from toolchain.state import State

KEPT = 2
"""How many artefacts of a tool stay, newest first, though no checkout uses them: for a step back to an older commit."""


def sweep(layout: Layout) -> list[str]:
    """Remove the corners of checkouts that are gone, and superseded artefacts; their names. Call it with the lock held.

    An artefact goes when no checkout uses it and there are newer ones of the same tool.
    """
    corners = [state.parent for state in layout.corner.parent.glob("*/state.json")]
    gone = [corner for corner in corners if _is_gone(State.read(corner / "state.json").project)]
    used = {Path(folder) for corner in corners if corner not in gone for folder in _artefacts(corner)}
    removed = [*gone, *(artefact for artefact in _superseded(layout.artefacts) if artefact not in used)]
    for folder in removed:
        shutil.rmtree(folder, ignore_errors=True)
    return [folder.name for folder in removed]


def _is_gone(project: str) -> bool:
    return bool(project) and not Path(project).is_dir()


def _artefacts(corner: Path) -> list[str]:
    return [folder for folder in State.read(corner / "state.json").artefacts.values() if folder]


def _superseded(artefacts: Path) -> list[Path]:
    """All but the newest of each tool."""
    of_tool: dict[str, list[Path]] = {}
    for folder in artefacts.glob("*-*"):
        if not folder.name.startswith("."):
            of_tool.setdefault(re.split(r"-v?\d+\.", folder.name)[0], []).append(folder)
    newest_first = (sorted(folders, key=lambda folder: -folder.stat().st_mtime) for folders in of_tool.values())
    return [folder for folders in newest_first for folder in folders[KEPT:]]
