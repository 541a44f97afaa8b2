"""The files of a commit that are built, and whether staged files differ from them."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from docker.utils.build import PatternMatcher

from components.image import ignore_rules
from components.image.staged_files import list_files
from components.source.excluded_files import OwnFiles
from components.source.git_objects import EXECUTABLE, LINK, Entry, GitObjects
from components.source.repository import Repository

NORMALISED_BYTES = 64 << 20
"""Size in bytes of the largest file whose line endings are normalised for the comparison, as git does."""


def select_files(repository: Repository, commit: str, own: OwnFiles, ignored: PatternMatcher) -> dict[str, Entry]:
    """The files of a commit that are built.

    Args:
        repository: the repository, and the source's folder in it.
        commit: full ID of the commit.
        own: the deployment's own files, which are left out.
        ignored: patterns of files that are left out too.

    Returns:
        The files by their path in the source's folder.
    """
    files = repository.files(commit)
    excluded = own.among(files, lambda path: repository.objects.read("blob", files[path].oid))
    return {
        path: entry
        for path, entry in files.items()
        if path not in excluded and not ignore_rules.is_ignored(ignored, path)
    }


def differ(objects: GitObjects, committed: Mapping[str, Entry], staged: Path) -> bool:
    """Whether the staged files differ from the committed ones, whatever git's index says of them.

    A file that differs only in its line endings, as a checkout with `core.autocrlf` does, is replaced by the committed
    content: git calls it unchanged too, and the same commit is the same image for everyone.

    Args:
        objects: the repository's objects.
        committed: the files of the commit by path.
        staged: folder of the staged files.
    """
    paths = {os.fsdecode(path.relative_to(staged)): path for path in list_files(staged)}
    return paths.keys() != committed.keys() or any(
        not _is_as_committed(objects, committed[name], path) for name, path in paths.items()
    )


def _is_as_committed(objects: GitObjects, entry: Entry, path: Path) -> bool:
    if path.is_symlink():
        return entry.mode == LINK and objects.hash_file(path) == entry.oid
    mode = path.stat().st_mode
    if entry.mode == LINK or bool(mode & stat.S_IXUSR) != (entry.mode == EXECUTABLE):
        return False
    if objects.hash_file(path) == entry.oid:
        return True
    if path.stat().st_size > NORMALISED_BYTES:
        return False
    normalised = path.read_bytes().replace(b"\r\n", b"\n")
    if objects.hash_content("blob", normalised) != entry.oid:
        return False
    path.write_bytes(normalised)
    return True
