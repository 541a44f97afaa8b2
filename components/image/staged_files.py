"""The files of a build context: copied without what is ignored, with normalised modes, and hashed."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from docker.utils.build import PatternMatcher

from components.image import ignore_rules
from components.source.excluded_files import OwnFiles

CHUNK_BYTES = 1 << 20


def copy_files(root: Path, target: Path, ignored: PatternMatcher, own: OwnFiles | None) -> None:
    """Copy a folder; symbolic links are copied as links.

    Args:
        root: the folder.
        target: the copy; it is created.
        ignored: patterns of files that are left out.
        own: the deployment's own files, which are left out too.

    Raises:
        OSError: there is something that is neither a file, a folder nor a symbolic link.
    """
    target.mkdir(exist_ok=True)
    for name in sorted(_walk(root, "", ignored, own)):
        original, copy = root / name, target / name
        if not original.is_symlink() and not original.is_file():
            raise OSError(f"{name} is neither a file, a folder nor a symbolic link")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, copy, follow_symlinks=False)
        if not copy.is_symlink():
            copy.chmod(original.stat().st_mode | stat.S_IWUSR)


def normalise_modes(root: Path) -> None:
    """Set modes that depend only on the owner's executable bit, which is what git records."""
    root.chmod(0o755)
    for path in root.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)


def hash_files(root: Path) -> str:
    """The SHA-256 of the names, modes, sizes and contents of all files below `root`, in hexadecimal."""
    digest = hashlib.sha256()
    for path in list_files(root):
        link = os.fsencode(path.readlink()) if path.is_symlink() else None
        mode = 0o120000 if link is not None else path.stat().st_mode & 0o777
        size = len(link) if link is not None else path.stat().st_size
        digest.update(os.fsencode(path.relative_to(root)) + f"\0{mode:o}\0{size}\0".encode())
        if link is not None:
            digest.update(link)
            continue
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()


def list_files(root: Path) -> list[Path]:
    """All files and symbolic links below `root`, sorted."""
    return sorted(path for path in root.rglob("*") if path.is_symlink() or path.is_file())


def _walk(root: Path, folder: str, ignored: PatternMatcher, own: OwnFiles | None) -> Iterator[str]:
    """The files below `folder` that are not left out, by their path in `root`."""
    for entry in os.scandir(root / folder):
        name = f"{folder}{entry.name}"
        if own and own.is_place(name):
            continue
        if not entry.is_dir(follow_symlinks=False):
            if not ignore_rules.matches(ignored, name):
                yield name
        elif not ignore_rules.is_pruned(ignored, name) and not (own and own.is_folder_of(Path(entry.path))):
            yield from _walk(root, f"{name}/", ignored, own)
