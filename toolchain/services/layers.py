"""Makes image layers that are the same bytes whenever their files are the same."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

COMPRESSION = 1
"""The layer is read from loopback: fast beats small."""


@dataclass(frozen=True)
class Layer:
    """A compressed layer on disk."""

    file: Path
    digest: str
    """Of the compressed file."""
    diff_id: str
    """Of the archive in it."""

    @property
    def size(self) -> int:
        return self.file.stat().st_size


class LayerWriter:
    """Adds files to a layer: every one is root's, and as old as every other."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def folder(self, name: str, mode: int = 0o755) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self._tar.addfile(entry)

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), mode
        self._tar.addfile(entry, io.BytesIO(content))

    def link(self, name: str, target: str) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(entry)

    def tree(self, root: Path, name: str, parts: Iterable[str]) -> None:
        """Add files and folders, recursively.

        Args:
            root: folder on this machine.
            name: folder in the layer.
            parts: paths below `root`.
        """
        for part in parts:
            for path in sorted([root / part, *(root / part).rglob("*")]):
                inside = f"{name}/{path.relative_to(root)}"
                if path.is_symlink():
                    self.link(inside, str(path.readlink()))
                elif path.is_dir():
                    self.folder(inside)
                elif path.is_file():
                    self.file(inside, path.read_bytes(), 0o755 if path.stat().st_mode & 0o100 else 0o644)


class _Hashing(io.RawIOBase):
    """Passes on what is written, and hashes it."""

    def __init__(self, target: IO[bytes] | gzip.GzipFile) -> None:
        self._target = target
        self._hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._hash.update(data)
        return self._target.write(data)

    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def make(file: Path, fill: Callable[[LayerWriter], None]) -> Layer:
    """Write a reproducible, compressed layer.

    Args:
        file: the layer to write.
        fill: adds its content.
    """
    with file.open("wb") as raw:
        compressed = _Hashing(raw)
        with gzip.GzipFile(fileobj=compressed, mode="wb", compresslevel=COMPRESSION, mtime=0, filename="") as packed:
            plain = _Hashing(packed)
            with tarfile.open(fileobj=plain, mode="w|", format=tarfile.GNU_FORMAT) as tar:
                fill(LayerWriter(tar))
    return Layer(file, compressed.digest(), plain.digest())
