"""Folders that are complete or not there at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PARTIAL = ".partial-"


@dataclass(frozen=True)
class Artefact:
    """A folder of finished files, never changed once it has its name."""

    folder: Path

    def exists(self) -> bool:
        return self.folder.is_dir()

    def programs(self) -> list[Path]:
        """The executables in it."""
        return sorted(path for path in self.folder.iterdir() if path.is_file() and os.access(path, os.X_OK))


@contextmanager
def publishing(artefact: Artefact) -> Iterator[Path]:
    """Yield a work folder that is renamed to the artefact's folder if the block succeeds, and removed if it fails."""
    work = artefact.folder.with_name(f"{PARTIAL}{artefact.folder.name}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        yield work
        work.rename(artefact.folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def discard_partial(folder: Path) -> None:
    """Remove work folders that a killed process left behind. Call it with the lock held."""
    for left in folder.glob(f"{PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)


def link_programs(programs: Iterable[Path], folder: Path) -> None:
    """Make `folder` hold exactly these programs.

    Uses hard links where possible, not symbolic ones: the CLI looks for its language host beside its own resolved
    path, and warns when it finds it anywhere else.

    Args:
        programs: the files to link; each keeps its name.
        folder: created if missing; every other file in it is removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    expected = {program.name: program for program in programs}
    for old in folder.iterdir():
        if old.name not in expected or not old.samefile(expected[old.name]):
            old.unlink()
    for name, program in expected.items():
        target = folder / name
        if target.exists():
            continue
        try:
            os.link(program, target)
        except OSError:
            shutil.copy2(program, target)
