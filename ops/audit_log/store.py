"""Numbered objects in one folder: each is written once, and never again."""

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
from ops.stack.cli import StackError

SUFFIX = ".json"
PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "abfs": "adlfs"}
"""What fsspec needs for each kind of store; nobody who keeps the log in a folder has to have them."""


class AuditLogError(StackError):
    """The log, or what else lies beside a state, cannot be read or written."""


@dataclass(frozen=True)
class Store:
    """A folder of objects named 00000001.json, 00000002.json and so on.

    The number is what orders concurrent writers: a store lets one of them have it, and the others take the next.
    """

    files: fsspec.AbstractFileSystem
    folder: str
    what: str = "the audit log"

    def names(self) -> list[str]:
        """The names of what is in the folder; nothing where there is no such folder.

        Raises:
            AuditLogError: when the store does not answer.
        """
        with self._answering("read"):
            try:
                listed = self.files.ls(self.folder, detail=False, refresh=True)
            except FileNotFoundError:
                return []
            return sorted(PurePosixPath(path).name for path in listed)

    def numbers(self) -> list[int]:
        """The numbers that are taken, in order.

        Raises:
            AuditLogError: when the store does not answer.
        """
        stems = [name.removesuffix(SUFFIX) for name in self.names() if name.endswith(SUFFIX)]
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    def read(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """The contents of `numbers`.

        Raises:
            AuditLogError: when the store does not answer, or has one of them no more.
        """
        wanted = {self._path(number): number for number in numbers}
        if not wanted:
            return {}
        with self._answering("read"):
            found = self.files.cat(list(wanted))
            return {wanted[path]: content for path, content in found.items()}

    def add(self, number: int, content: bytes) -> bool:
        """Write `number`; whether it was free.

        Raises:
            AuditLogError: when it cannot be written.
        """
        with self._answering("written"):
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
    def _answering(self, done: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # each kind of store has exceptions of its own
            raise AuditLogError(f"{self.what} in {self.folder} cannot be {done}: {_said(error)}") from error


def opened(location: Location, what: str = "the audit log") -> Store:
    """The store in `location`, which an error calls `what`.

    Raises:
        AuditLogError: when the package for this kind of store is not installed.
    """
    try:
        files = fsspec.filesystem(location.protocol, **location.options)
    except ImportError as error:
        package = PACKAGES[location.protocol]
        raise AuditLogError(f"{what} in {location} needs {package}: .venv/bin/pip install {package}") from error
    return Store(files, location.folder, what)


def _create(path: Path, content: bytes) -> None:
    """Let `path` appear with its whole content, once: neither a killed writer nor a reader sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
