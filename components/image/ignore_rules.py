"""Which files of a source are left out of the build context: patterns in the syntax of a .dockerignore file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from docker.utils.build import PatternMatcher


def load_patterns(file: Path, more: Iterable[str]) -> PatternMatcher:
    """The patterns of a .dockerignore file, followed by `more`, which win over them."""
    lines = file.read_text().splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return PatternMatcher([*patterns, *more])


def is_ignored(patterns: PatternMatcher, path: str) -> bool:
    """Whether a walk of the source would leave this file out, by a pattern for it or for one of its parent folders."""
    parents = [str(folder) for folder in PurePosixPath(path).parents[:-1]]
    return matches(patterns, path) or any(is_pruned(patterns, folder) for folder in parents)


def is_pruned(patterns: PatternMatcher, folder: str) -> bool:
    """Whether a folder is left out with everything in it: no exception (`!folder/file`) applies to what it holds."""
    return matches(patterns, folder) and not _has_exception(patterns, folder)


def matches(patterns: PatternMatcher, path: str) -> bool:
    """Whether the patterns match this path itself."""
    return bool(patterns.matches(path))  # type: ignore[arg-type]  # the stub says PathLike, the code splits a string


def _has_exception(patterns: PatternMatcher, folder: str) -> bool:
    return any(pattern.exclusion and pattern.cleaned_pattern.startswith(folder) for pattern in patterns.patterns)
