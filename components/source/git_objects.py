"""Reads git objects. The content of each object is hashed and compared with its object ID."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from components.source import source
from components.source.source import GitError, git, location_fault

TREE, LINK, EXECUTABLE, SUBMODULE = "40000", "120000", "100755", "160000"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Entry:
    """An entry of a tree: its mode as git records it, and the ID of its object."""

    mode: str
    oid: str


@dataclass(frozen=True)
class GitObjects:
    """The objects of a repository.

    Attributes:
        git_dir: an empty bare repository that borrows the objects (see `borrowed_repository`).
        origin: URL of the remote `origin`, None where there is none.
        algorithm: sha1 or sha256.
    """

    git_dir: Path
    origin: str | None
    algorithm: str

    def run_git(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        at: Path | None = None,
    ) -> bytes:
        """Run git in `git_dir` and return its output.

        Args:
            arguments: git's command and its arguments.
            stdin: standard input.
            env: additional environment variables.
            at: working directory.

        Raises:
            GitError: git fails.
        """
        return git(*arguments, git_dir=self.git_dir, env={**self._environment(), **(env or {})}, stdin=stdin, at=at)

    def read(self, kind: str, oid: str) -> bytes:
        """The content of one object.

        Args:
            kind: blob, tree or commit.
            oid: ID of the object.

        Raises:
            GitError: the object is missing or damaged.
        """
        content = self.run_git("cat-file", kind, oid)
        if self.hash_content(kind, content) != oid:
            raise GitError(f"git: object {oid} is damaged")
        return content

    def read_trees(self, oids: list[str]) -> dict[str, dict[str, Entry]]:
        """The entries of each tree by name, with one call of git.

        Raises:
            GitError: a tree is missing or damaged, or has a name that would lead out of its folder.
        """
        output = self.run_git("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode())
        trees = {}
        for oid in oids:
            header, _, output = output.partition(b"\n")
            _, kind, size = [*header.split(), b"", b""][:3]
            if kind != b"tree":
                raise GitError(f"git: object {oid} is missing")
            content, output = output[: int(size)], output[int(size) + 1 :]
            if self.hash_content("tree", content) != oid:
                raise GitError(f"git: object {oid} is damaged")
            trees[oid] = self._parse_tree(oid, content)
        return trees

    def list_files(self, root: str) -> dict[str, Entry]:
        """All files below the tree `root` by path, with one call of git for each level of folders."""
        files: dict[str, Entry] = {}
        level = {"": root}
        while level:
            trees = self.read_trees(sorted(set(level.values())))
            entries = {
                f"{folder}{name}": entry for folder, tree in level.items() for name, entry in trees[tree].items()
            }
            files |= {path: entry for path, entry in entries.items() if entry.mode not in (TREE, SUBMODULE)}
            level = {f"{path}/": entry.oid for path, entry in entries.items() if entry.mode == TREE}
        return files

    def write_files(self, files: Mapping[str, Entry], target: Path) -> None:
        """Write files below a folder, byte for byte as they were committed.

        Args:
            files: the files by their path in `target`.
            target: the folder.

        Raises:
            GitError: an object is missing or damaged.
        """
        # Symbolic links come last: nothing is ever written through one.
        ordered = sorted(files.items(), key=lambda item: (item[1].mode == LINK, item[0]))
        for (name, entry), content in zip(ordered, self._read_blobs([entry.oid for _, entry in ordered]), strict=True):
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if entry.mode == LINK:
                path.symlink_to(os.fsdecode(b"".join(content)))
                continue
            with path.open("xb") as file:
                for chunk in content:
                    file.write(chunk)
            path.chmod(0o755 if entry.mode == EXECUTABLE else 0o644)

    def hash_file(self, path: Path) -> str:
        """The object ID of the content of `path`; a symbolic link is not followed."""
        if path.is_symlink():
            return self.hash_content("blob", os.fsencode(path.readlink()))
        digest = hashlib.new(self.algorithm, b"blob %d\0" % path.stat().st_size)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def hash_content(self, kind: str, content: bytes) -> str:
        """The ID of an object with this kind (blob, tree or commit) and content."""
        return hashlib.new(self.algorithm, b"%s %d\0" % (kind.encode(), len(content)) + content).hexdigest()

    def _parse_tree(self, tree: str, content: bytes) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        size = hashlib.new(self.algorithm).digest_size
        while content:
            head, _, rest = content.partition(b"\0")
            mode, _, raw_name = head.partition(b" ")
            name = os.fsdecode(raw_name)
            if name in ("", ".", "..") or "/" in name or name.lower() == ".git" or name in entries:
                raise GitError(f"git: tree {tree} has an entry that is not allowed: {name!r}")
            entries[name] = Entry(mode.decode(), rest[:size].hex())
            content = rest[size:]
        return entries

    def _read_blobs(self, oids: list[str]) -> Iterator[Iterator[bytes]]:
        """The content of each blob in chunks; each is verified at its end."""
        with tempfile.TemporaryFile() as stdin:
            stdin.write("".join(f"{oid}\n" for oid in oids).encode())
            stdin.seek(0)
            command = source.command("cat-file", "--batch", git_dir=self.git_dir)
            with _stream_output(command, stdin, self._environment()) as output:
                for oid in oids:
                    header = output.readline().split()
                    if len(header) != 3 or header[1] != b"blob":
                        raise GitError(f"git: object {oid} is missing")
                    yield self._read_blob(oid, int(header[2]), output)
                    output.read(1)  # a line break

    def _read_blob(self, oid: str, size: int, output: IO[bytes]) -> Iterator[bytes]:
        digest, remaining = hashlib.new(self.algorithm, b"blob %d\0" % size), size
        while remaining:
            chunk = output.read(min(remaining, CHUNK_BYTES))
            if not chunk:
                raise GitError(f"git: object {oid} ends too early")
            digest.update(chunk)
            remaining -= len(chunk)
            yield chunk
        if digest.hexdigest() != oid:
            raise GitError(f"git: object {oid} is damaged")

    def _environment(self) -> dict[str, str]:
        """Variables that let git fetch the objects that a partial clone lacks, if `origin` is an allowed URL."""
        if not self.origin or not source.is_url(self.origin) or location_fault(self.origin):
            return {}
        configured = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
        pairs = (("remote.origin.url", self.origin), ("remote.origin.promisor", "true"))
        numbered = {
            f"GIT_CONFIG_{kind}_{configured + number}": text
            for number, pair in enumerate(pairs)
            for kind, text in zip(("KEY", "VALUE"), pair, strict=True)
        }
        return {"GIT_NO_LAZY_FETCH": "0", "GIT_CONFIG_COUNT": str(configured + len(pairs)), **numbered}


@contextmanager
def _stream_output(argv: Iterable[str], stdin: IO[bytes], env: Mapping[str, str]) -> Iterator[IO[bytes]]:
    """The output of a process, which is killed after `GIT_SECONDS` or when the block ends."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*argv], stdin=stdin, stdout=subprocess.PIPE, stderr=errors, env=source.environment(env)
        )
        limit = threading.Timer(source.GIT_SECONDS, process.kill)
        limit.start()
        try:
            assert process.stdout
            yield process.stdout
        except GitError as error:
            process.kill()
            process.wait()
            errors.seek(0)
            message = errors.read().decode(errors="replace").strip()
            raise GitError(f"{error}{f' ({message})' if message else ''}") from error
        finally:
            limit.cancel()
            process.kill()
            process.communicate()
