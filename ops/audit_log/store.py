"""Numbered objects in one folder. Each is written once and never changed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import fsspec
from fsspec.implementations.local import LocalFileSystem

from ops.audit_log.location import Location
from ops.stack.stack_error import StackError

SUFFIX = ".json"
PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "abfs": "adlfs"}
"""Package that fsspec needs for each protocol; a log in a local folder needs none."""


class AuditLogError(StackError):
    """The log, or another file beside the state, cannot be read or written."""


@dataclass(frozen=True)
class Store:
    """A folder of objects named 00000001.json, 00000002.json and so on.

    The number orders concurrent writers: the store gives it to one of them, and the others take the next.

    Attributes:
        files: the file system.
        folder: path of the folder.
        what: name of the content in error messages.
    """

    files: fsspec.AbstractFileSystem
    folder: str
    what: str = "the audit log"

    def names(self) -> list[str]:
        """The names of the files in the folder; empty if there is no such folder.

        Raises:
            AuditLogError: the store cannot be read.
        """
        with self._translate_errors("read"):
            try:
                paths = self.files.ls(self.folder, detail=False, refresh=True)
            except FileNotFoundError:
                return []
            return sorted(PurePosixPath(path).name for path in paths)

    def numbers(self) -> list[int]:
        """The numbers of the objects, in order.

        Raises:
            AuditLogError: the store cannot be read.
        """
        stems = [name.removesuffix(SUFFIX) for name in self.names() if name.endswith(SUFFIX)]
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    def read(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """The contents of objects, by number.

        Raises:
            AuditLogError: the store cannot be read, or an object is missing.
        """
        paths = {self._path(number): number for number in numbers}
        if not paths:
            return {}
        with self._translate_errors("read"):
            contents = self.files.cat(list(paths))
            return {paths[path]: content for path, content in contents.items()}

    def add(self, number: int, content: bytes) -> bool:
        """Write an object, unless its number is taken.

        Args:
            number: number of the object.
            content: its content.

        Returns:
            Whether the object was written; False if the number is taken.

        Raises:
            AuditLogError: the object cannot be written.
        """
        with self._translate_errors("written"):
            try:
                if isinstance(self.files, LocalFileSystem):
                    _create(Path(self._path(number)), content)
                else:
                    self.files.pipe_file(self._path(number), content, mode="create")
            except FileExistsError:
                return False
            return True

    def _path(self, number: int) -> str:
        return f"{self.folder}/{number:08}{SUFFIX}"

    @contextmanager
    def _translate_errors(self, done: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # each file system has its own exceptions
            message = str(error) or type(error).__name__
            raise AuditLogError(f"{self.what} in {self.folder} cannot be {done}: {message}") from error


def open_store(location: Location, what: str = "the audit log") -> Store:
    """Open the store in a location.

    Args:
        location: location of the folder.
        what: name of the content in error messages.

    Raises:
        AuditLogError: the package for this kind of store is not installed.
    """
    try:
        files = fsspec.filesystem(location.protocol, **location.options)
    except ImportError as error:
        package = PACKAGES[location.protocol]
        raise AuditLogError(f"{what} in {location} needs {package}: .venv/bin/pip install {package}") from error
    return Store(files, location.folder, what)


def _create(path: Path, content: bytes) -> None:
    """Create a file atomically with its complete content.

    Raises:
        FileExistsError: the file exists.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
