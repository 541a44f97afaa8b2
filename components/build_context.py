"""The build context: a folder with the source, the probe and the CA bundle, the same on every machine.

docker-build hashes names, contents and modes of the context (pulumi-docker-build#222, #358), so two checkouts of one
commit under different umasks would rebuild for ever. The context is therefore copied with normalised modes, at a path
relative to the project, with the ignore rules already applied: what is not needed never reaches the builder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from docker.utils.build import PatternMatcher

from components.settings import Settings
from components.source import Revision, git, repository, revision

AS_COMMITTED = tuple(
    word
    for setting in (
        "core.autocrlf=false",
        "core.eol=lf",
        "filter.lfs.smudge=",
        "filter.lfs.process=",
        "filter.lfs.required=false",
    )
    for word in ("-c", setting)
)
"""Git's settings under which a commit has the same content for every user."""

CONTAINER = Path("container")
BUILD = Path(".build")
CONTEXTS = BUILD / "context"
FORGET_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class BuildContext:
    """A staged context.

    Attributes:
        path: folder of the context, relative to the project.
        revision: what was staged.
        dirty: whether the staged files differ from that revision.
        digest: hash of names, modes and contents.
    """

    path: Path
    revision: Revision
    dirty: bool
    digest: str

    @property
    def version(self) -> str:
        """Name of this version, and tag of its image."""
        if self.revision.commit is None:
            return f"content-{self.digest[:12]}"
        suffix = f"-dirty-{self.digest[:8]}" if self.dirty else ""
        return self.revision.commit[:12] + suffix


def stage(settings: Settings) -> BuildContext:
    """Stage the context in a folder named after its content, so that nothing changes under a build that runs.

    Raises:
        GitError: when a commit cannot be had.
    """
    ignored = _ignored(settings)
    path = repository(settings.source)
    CONTEXTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        fresh = Path(scratch) / "context"
        fresh.mkdir()
        if settings.live_reload:
            _stage_for_live_reload(path, fresh)
        else:
            _stage_source(settings, path, fresh / "app", ignored)
        _copy_all(CONTAINER / "probe", fresh / "probe", ignored)
        (fresh / "ca").mkdir()
        if settings.image.ca_bundle:
            shutil.copyfile(settings.image.ca_bundle, fresh / "ca/ca-certificates.crt")
        _normalise(fresh)
        digest = _digest(fresh)
        target = CONTEXTS / digest[:16]
        with contextlib.suppress(OSError):  # it is there: from an earlier run, or one at the same moment
            fresh.rename(target)
    os.utime(target)
    _forget_old()
    if settings.live_reload:
        return BuildContext(target, Revision(None, 0, None), False, digest)
    found = revision(settings.source, path)
    return BuildContext(target, found, _dirty(settings, found, path, ignored), digest)


def _forget_old() -> None:
    """Remove contexts that no run has used for a while."""
    for context in CONTEXTS.iterdir():
        if context.stat().st_mtime < time.time() - FORGET_SECONDS:
            shutil.rmtree(context, ignore_errors=True)


def _ignored(settings: Settings) -> PatternMatcher:
    lines = (CONTAINER / ".dockerignore").read_text().splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return PatternMatcher([*patterns, *settings.source.ignore])


def _matches(ignored: PatternMatcher, name: str) -> bool:
    """Whether a walk of the folder would leave this file out, by a pattern for it or for a folder above it."""
    above = [str(folder) for folder in PurePosixPath(name).parents[:-1]]
    return _matched(ignored, name) or any(_matched(ignored, one) and not _reopened(ignored, one) for one in above)


def _matched(ignored: PatternMatcher, name: str) -> bool:
    return bool(ignored.matches(name))  # type: ignore[arg-type]  # the stub says PathLike, the code splits a string


def _reopened(ignored: PatternMatcher, folder: str) -> bool:
    """Whether an exception (`!folder/file`) may let something in `folder` back in."""
    return any(one.exclusion and one.cleaned_pattern.startswith(folder) for one in ignored.patterns)


def _stage_for_live_reload(path: Path, target: Path) -> None:
    """The module's requirements only: the source itself is mounted, and an edit must not make a new image."""
    (target / "app").mkdir()
    shutil.copyfile(CONTAINER / "air.toml", target / "air.toml")
    for name in ("go.mod", "go.sum"):
        if (path / name).is_file():
            shutil.copyfile(path / name, target / "app" / name)


def _stage_source(settings: Settings, path: Path, target: Path, ignored: PatternMatcher) -> None:
    if settings.source.commit is None:
        _copy_all(path, target, ignored)
        return
    commit = settings.source.commit
    below = git("rev-parse", "--show-prefix", at=path).decode().strip()  # where in the repository the folder is
    listed = git("ls-tree", "-r", "-z", "--name-only", commit, at=path).decode().split("\0")
    wanted = "\0".join(below + name for name in listed if name and not _matches(ignored, name))
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        tree = Path(scratch).absolute() / "tree"
        (tree / below).mkdir(parents=True)
        # An index and a work tree of its own: the user's checkout is not touched.
        env = {"GIT_INDEX_FILE": str(tree.parent / "index"), "GIT_WORK_TREE": str(tree)}
        git("read-tree", commit, at=path, env=env)
        checkout = ("checkout-index", "-z", "--stdin", "--quiet", f"--prefix={tree}/")
        git(*AS_COMMITTED, *checkout, at=path, env=env, stdin=wanted.encode())
        (tree / below).rename(target)


def _copy_all(root: Path, target: Path, ignored: PatternMatcher) -> None:
    for name in sorted(ignored.walk(str(root))):
        origin, copy = root / name, target / name
        if origin.is_dir() and not origin.is_symlink():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, copy, follow_symlinks=False)
        if not copy.is_symlink():
            copy.chmod(origin.stat().st_mode)


def _normalise(root: Path) -> None:
    """Modes that depend on nothing but the owner's executable bit, which is what git records."""
    root.chmod(0o755)
    for path in root.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)


def _dirty(settings: Settings, found: Revision, path: Path, ignored: PatternMatcher) -> bool:
    """Whether a file that is staged differs from the commit; what is ignored may differ as it likes."""
    if settings.source.commit is not None or found.commit is None:
        return False
    prefix = git("rev-parse", "--show-prefix", at=path).decode().strip()
    # With the files that git ignores: those that are not ignored here are built.
    every = ("--no-renames", "--untracked-files=all", "--ignored")
    entries = git("status", "--porcelain", "-z", *every, "--", ".", at=path)
    changed = (entry[3:].removeprefix(prefix) for entry in entries.decode().split("\0") if entry)
    return any(not _matches(ignored, name) for name in changed)


def _digest(root: Path) -> str:
    digest = hashlib.sha256()
    for path in _files(root):
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        mode = 0o120000 if path.is_symlink() else path.stat().st_mode & 0o777
        digest.update(f"{path.relative_to(root)}\0{mode:o}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _files(root: Path) -> Iterable[Path]:
    return sorted(path for path in root.rglob("*") if path.is_symlink() or path.is_file())
