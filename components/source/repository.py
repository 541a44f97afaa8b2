"""The repository that a folder is in: its commits, its committed files and whether the folder differs from them.

The repository is not trusted: everything is read from its objects, through an empty repository that borrows them.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from components.source import borrowed_repository
from components.source.git_objects import TREE, Entry, GitObjects
from components.source.source import GitError, git

NO_REPOSITORY = "not a git repository"


@dataclass(frozen=True)
class Repository:
    """A repository, and the position of a folder in it.

    Attributes:
        objects: the objects of the repository.
        folder: the folder.
        prefix: path of the folder in the repository, "" for its root.
        head: the commit that is checked out; None before the first one.
    """

    objects: GitObjects
    folder: Path
    prefix: str
    head: str | None

    def last_commit(self) -> str | None:
        """The last commit that changed the folder; None where none has."""
        if self.head is None:
            return None
        output = self.objects.run_git("rev-list", "--max-count=1", self.head, "--", self.prefix or ".")
        return output.decode().strip() or None

    def is_changed(self) -> bool:
        """Whether a file in the folder that git does not ignore differs from what is checked out.

        All files are read: the repository's own index is not used, because it can mark changed files as unchanged.
        """
        if self.head is None:
            return False
        top = self.folder.parents[len(PurePosixPath(self.prefix).parts) - 1] if self.prefix else self.folder
        git_dir = self.objects.git_dir
        index = {"GIT_INDEX_FILE": str(git_dir / "index")}
        (git_dir / "HEAD").write_text(f"{self.head}\n")
        self.objects.run_git("read-tree", self.head, env=index)
        # Git would read a submodule with that submodule's own configuration.
        arguments = ("status", "--porcelain", "--ignore-submodules=all", "--", self.prefix or ".")
        return bool(self.objects.run_git(*arguments, env={**index, "GIT_WORK_TREE": str(top)}, at=top))

    def commit_time(self, commit: str) -> int:
        """The committer's time of `commit`, in seconds since 1970."""
        header = self.objects.read("commit", commit).split(b"\n\n", 1)[0]
        match = re.search(rb"^committer .*> (\d+) [+-]\d+$", header, re.MULTILINE)
        if not match:
            raise GitError(f"git: commit {commit} has no time")
        return int(match[1])

    def files(self, commit: str) -> dict[str, Entry]:
        """The files of the folder in `commit`, by their path in the folder; submodules are left out.

        Raises:
            GitError: when an object is missing or damaged, or a name in it would lead out of the folder.
        """
        tree = self.objects.read("commit", commit).split(b"\n", 1)[0].removeprefix(b"tree ").decode()
        for part in PurePosixPath(self.prefix).parts:
            entry = self.objects.read_trees([tree])[tree].get(part)
            if not entry or entry.mode != TREE:
                raise GitError(f"git: commit {commit} has no folder {self.prefix}")
            tree = entry.oid
        return self.objects.list_files(tree)


@contextmanager
def open_repository(folder: Path) -> Iterator[Repository | None]:
    """The repository that `folder` is in, or is itself (a bare one); None outside of version control.

    Raises:
        GitError: when there is a repository, but git refuses to read it.
        OSError: when there is no such folder.
    """
    resolved = folder.resolve(strict=True)
    bare = _is_bare(resolved)
    options = ("--git-dir", "--git-path", "objects", "--git-path", "shallow", "--git-path", "info/exclude")
    try:
        output = git(
            *("rev-parse", "--show-object-format", "--path-format=absolute", *options),
            at=None if bare else resolved,
            git_dir=resolved if bare else None,
        )
    except GitError as error:
        if NO_REPOSITORY in str(error):
            yield None
            return
        raise
    algorithm, git_dir, objects, *copied = os.fsdecode(output).removesuffix("\n").split("\n")
    prefix = "" if bare else _find_prefix(resolved, Path(git_dir))
    if prefix is None:
        yield None
        return
    head = _query("rev-parse", "--verify", "--quiet", "HEAD", git_dir=Path(git_dir))
    origin = _query("config", "--get", "remote.origin.url", git_dir=Path(git_dir))
    with tempfile.TemporaryDirectory() as scratch:
        borrowed = borrowed_repository.create(Path(scratch), Path(objects), [*map(Path, copied)], algorithm)
        yield Repository(GitObjects(borrowed, origin, algorithm), resolved, prefix, head)


def _is_bare(folder: Path) -> bool:
    if (folder / ".git").exists():
        return False
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _find_prefix(folder: Path, git_dir: Path) -> str | None:
    """The path of `folder` in the checkout of `git_dir`, whatever `core.worktree` says; None where it is in none."""
    for top in (folder, *folder.parents):
        entry = top / ".git"
        if entry.is_file():
            entry = top / entry.read_text(errors="surrogateescape").strip().removeprefix("gitdir: ")
        if entry.is_dir() and entry.resolve() == git_dir.resolve():
            return folder.relative_to(top).as_posix().removeprefix(".")
    return None


def _query(*arguments: str, git_dir: Path) -> str | None:
    """The output of a git command; None where it fails or prints nothing."""
    try:
        return os.fsdecode(git(*arguments, git_dir=git_dir)).strip() or None
    except GitError:
        return None
