"""What a repository has committed, read from its objects, each of which is checked against its own name.

The repository's configuration, index, hooks, attributes, replacements and grafts play no part: git reads the objects
through an empty repository of its own, which only borrows them (gitrepository-layout(5), `objects/info/alternates`).
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from components.source import source
from components.source.source import GitError, git, location_fault

NO_REPOSITORY = "not a git repository"
TREE, LINK, EXECUTABLE, SUBMODULE = "40000", "120000", "100755", "160000"
CHUNK = 1 << 20
LONGEST_LINK = 4096
"""Bytes of a symbolic link's target (PATH_MAX)."""


@dataclass(frozen=True)
class Entry:
    """A file of a commit: its mode as git records it, and the name of its content."""

    mode: str
    oid: str


@dataclass(frozen=True)
class Repository:
    """The objects of a repository, and where in it a folder is.

    Attributes:
        view: a bare repository of ours, which borrows the objects.
        folder: the folder.
        prefix: path of the folder in the repository, "" for its root.
        head: the commit that is checked out; None before the first one.
        origin: URL of its remote `origin`, None where there is none.
        algorithm: sha1 or sha256.
    """

    view: Path
    folder: Path
    prefix: str
    head: str | None
    origin: str | None
    algorithm: str

    def last_commit(self) -> str | None:
        """The last commit that touched the folder; None where none has."""
        if self.head is None:
            return None
        return self._git("rev-list", "--max-count=1", self.head, "--", self.prefix or ".").decode().strip() or None

    def is_changed(self) -> bool:
        """Whether anything in the folder that git does not ignore differs from what is checked out.

        All files are read: there is an index of ours only, in which nothing is marked as unchanged.
        """
        if self.head is None:
            return False
        top = self.folder.parents[len(PurePosixPath(self.prefix).parts) - 1] if self.prefix else self.folder
        index = {"GIT_INDEX_FILE": str(self.view / "index")}
        (self.view / "HEAD").write_text(f"{self.head}\n")
        self._git("read-tree", self.head, env=index)
        # Git would look into a submodule with that one's own configuration.
        arguments = ("status", "--porcelain", "--ignore-submodules=all", "--", self.prefix or ".")
        return bool(self._git(*arguments, env={**index, "GIT_WORK_TREE": str(top)}, at=top))

    def time_of(self, commit: str) -> int:
        """When `commit` was made, in seconds since 1970."""
        head = self._object("commit", commit).split(b"\n\n", 1)[0]
        match = re.search(rb"^committer .*> (\d+) [+-]\d+$", head, re.MULTILINE)
        if not match:
            raise GitError(f"git: commit {commit} has no time")
        return int(match[1])

    def files(self, commit: str) -> dict[str, Entry]:
        """The files of the folder in `commit`, by their path in the folder; submodules are left out.

        Raises:
            GitError: when an object is missing or damaged, or a name in it would lead out of the folder.
        """
        tree = self._object("commit", commit).split(b"\n", 1)[0].removeprefix(b"tree ").decode()
        for part in PurePosixPath(self.prefix).parts:
            below = self._trees([tree])[tree].get(part)
            if not below or below.mode != TREE:
                raise GitError(f"git: commit {commit} has no folder {self.prefix}")
            tree = below.oid
        return self._files(tree)

    def write(self, files: Mapping[str, Entry], target: Path) -> None:
        """Write these files below `target`, byte for byte as they were committed."""
        # Links come last: nothing is ever written through one.
        ordered = sorted(files.items(), key=lambda item: (item[1].mode == LINK, item[0]))
        for (name, entry), content in zip(ordered, self._blobs([entry.oid for _, entry in ordered]), strict=True):
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if entry.mode == LINK:
                path.symlink_to(os.fsdecode(b"".join(content)))
                continue
            with path.open("xb") as file:
                for chunk in content:
                    file.write(chunk)
            path.chmod(0o755 if entry.mode == EXECUTABLE else 0o644)

    def read(self, entry: Entry) -> bytes:
        """The content of one file."""
        return self._object("blob", entry.oid)

    def hash_of(self, path: Path) -> str:
        """The name that git would give to the content of `path`, which is not followed where it is a link."""
        if path.is_symlink():
            return self._hash("blob", os.fsencode(path.readlink()))
        digest = hashlib.new(self.algorithm, b"blob %d\0" % path.stat().st_size)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def hash_of_content(self, content: bytes) -> str:
        """The name that git would give to a file with this content."""
        return self._hash("blob", content)

    def _files(self, root: str) -> dict[str, Entry]:
        """All files below a tree, one question for each depth of folders."""
        files: dict[str, Entry] = {}
        level = {"": root}
        while level:
            content = self._trees(sorted(set(level.values())))
            below = {f"{above}{name}": entry for above, tree in level.items() for name, entry in content[tree].items()}
            files |= {name: entry for name, entry in below.items() if entry.mode not in (TREE, SUBMODULE)}
            level = {f"{name}/": entry.oid for name, entry in below.items() if entry.mode == TREE}
        return files

    def _trees(self, oids: list[str]) -> dict[str, dict[str, Entry]]:
        rest, trees = self._git("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode()), {}
        for oid in oids:
            header, _, rest = rest.partition(b"\n")
            _, kind, size = [*header.split(), b"", b""][:3]
            if kind != b"tree":
                raise GitError(f"git: object {oid} is missing")
            content, rest = rest[: int(size)], rest[int(size) + 1 :]
            if self._hash("tree", content) != oid:
                raise GitError(f"git: object {oid} is damaged")
            trees[oid] = self._entries(oid, content)
        return trees

    def _entries(self, tree: str, content: bytes) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        size = hashlib.new(self.algorithm).digest_size
        while content:
            head, _, rest = content.partition(b"\0")
            mode, _, raw = head.partition(b" ")
            name = os.fsdecode(raw)
            if name in ("", ".", "..") or "/" in name or name.lower() == ".git" or name in entries:
                raise GitError(f"git: tree {tree} has an entry that is not allowed: {name!r}")
            entries[name] = Entry(mode.decode(), rest[:size].hex())
            content = rest[size:]
        return entries

    def _object(self, kind: str, oid: str) -> bytes:
        content = self._git("cat-file", kind, oid)
        if self._hash(kind, content) != oid:
            raise GitError(f"git: object {oid} is damaged")
        return content

    def _hash(self, kind: str, content: bytes) -> str:
        return hashlib.new(self.algorithm, b"%s %d\0" % (kind.encode(), len(content)) + content).hexdigest()

    def _blobs(self, oids: list[str]) -> Iterator[Iterator[bytes]]:
        """The content of each blob, piece by piece; each is checked when it ends."""
        with tempfile.TemporaryFile() as names:
            names.write("".join(f"{oid}\n" for oid in oids).encode())
            names.seek(0)
            with _process([*source.command("cat-file", "--batch", git_dir=self.view)], names, self._env()) as answer:
                for oid in oids:
                    header = answer.readline().split()
                    if len(header) != 3 or header[1] != b"blob":
                        raise GitError(f"git: object {oid} is missing")
                    yield self._content(oid, int(header[2]), answer)
                    answer.read(1)  # a line break

    def _content(self, oid: str, size: int, answer: IO[bytes]) -> Iterator[bytes]:
        digest, left = hashlib.new(self.algorithm, b"blob %d\0" % size), size
        while left:
            chunk = answer.read(min(left, CHUNK))
            if not chunk:
                raise GitError(f"git: object {oid} ends too early")
            digest.update(chunk)
            left -= len(chunk)
            yield chunk
        if digest.hexdigest() != oid:
            raise GitError(f"git: object {oid} is damaged")

    def _git(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        at: Path | None = None,
    ) -> bytes:
        return git(*arguments, git_dir=self.view, env={**self._env(), **(env or {})}, stdin=stdin, at=at)

    def _env(self) -> dict[str, str]:
        """What a partial clone left out comes from its remote, if that is a URL from which a source may be fetched."""
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
def opened(folder: Path) -> Iterator[Repository | None]:
    """The repository that `folder` is in, or is itself (a bare one); None outside of version control.

    Raises:
        GitError: when there is a repository, but git refuses to look at it.
        OSError: when there is no such folder.
    """
    resolved = folder.resolve(strict=True)
    bare = _is_bare(resolved)
    options = ("--git-dir", "--git-path", "objects", "--git-path", "shallow", "--git-path", "info/exclude")
    try:
        places = git(
            *("rev-parse", "--show-object-format", "--path-format=absolute", *options),
            at=None if bare else resolved,
            git_dir=resolved if bare else None,
        )
    except GitError as error:
        if NO_REPOSITORY in str(error):
            yield None
            return
        raise
    algorithm, git_dir, objects, *copied = os.fsdecode(places).removesuffix("\n").split("\n")
    prefix = "" if bare else _prefix(resolved, Path(git_dir))
    if prefix is None:
        yield None
        return
    head = _answer("rev-parse", "--verify", "--quiet", "HEAD", git_dir=Path(git_dir))
    origin = _answer("config", "--get", "remote.origin.url", git_dir=Path(git_dir))
    with tempfile.TemporaryDirectory() as scratch:
        view = _view(Path(scratch), Path(objects), [*map(Path, copied)], algorithm)
        yield Repository(view, resolved, prefix, head, origin, algorithm)


def _is_bare(folder: Path) -> bool:
    if (folder / ".git").exists():
        return False
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _prefix(folder: Path, git_dir: Path) -> str | None:
    """Where `folder` is in the checkout of `git_dir`, whatever `core.worktree` says; None where it is in none."""
    for top in (folder, *folder.parents):
        entry = top / ".git"
        if entry.is_file():
            entry = top / entry.read_text(errors="surrogateescape").strip().removeprefix("gitdir: ")
        if entry.is_dir() and entry.resolve() == git_dir.resolve():
            return folder.relative_to(top).as_posix().removeprefix(".")
    return None


def _answer(*arguments: str, git_dir: Path) -> str | None:
    try:
        return os.fsdecode(git(*arguments, git_dir=git_dir)).strip() or None
    except GitError:
        return None


def _view(root: Path, objects: Path, copied: Sequence[Path], algorithm: str) -> Path:
    """A repository without anything of its own; `copied` are its `shallow` and its `info/exclude`."""
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


@contextmanager
def _process(argv: Iterable[str], stdin: IO[bytes], env: Mapping[str, str]) -> Iterator[IO[bytes]]:
    """What a program prints, which is ended when it takes too long or nobody reads on."""
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
            said = errors.read().decode(errors="replace").strip()
            raise GitError(f"{error}{f' ({said})' if said else ''}") from error
        finally:
            limit.cancel()
            process.kill()
            process.communicate()
