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
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from docker.utils.build import PatternMatcher

from components.image.ca_bundle import BadBundle, certificates
from components.settings import Settings
from components.source import excluded_files, repository
from components.source.excluded_files import OwnFiles
from components.source.git_fetch import fetched
from components.source.repository import Entry, Repository
from components.source.source import GitError, Revision, is_url, public_url

CONTAINER = Path("container")
BUILD = Path(".build")
CONTEXTS = BUILD / "context"
FORGET_SECONDS = 7 * 24 * 3600
KEPT = 10
"""Contexts that are kept at most, beside those that a build may still be reading."""

IN_USE_SECONDS = 2 * 3600
"""A build ends within `components.image.buildx.BUILD_SECONDS`, and the provider's own within its timeout."""

NORMALISED_BYTES = 64 << 20
"""Bytes of the largest file whose line ends are compared as git does."""


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
    location, commit = settings.source.location, settings.source.commit
    path = fetched(location, str(commit)) if is_url(location) else Path(location)
    CONTEXTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        fresh = Path(scratch) / "context"
        fresh.mkdir()
        revision, dirty = Revision(None, 0, None), False
        if settings.live_reload:
            _stage_for_live_reload(path, fresh)
        else:
            revision, dirty = _stage_source(settings, path, fresh / "app", ignored)
        _copy_all(CONTAINER / "probe", fresh / "probe", ignored, None)
        (fresh / "ca").mkdir()
        if settings.image.ca_bundle:
            try:
                (fresh / "ca/ca-certificates.crt").write_bytes(certificates(Path(settings.image.ca_bundle)))
            except BadBundle as error:  # changed since the settings were looked at
                raise OSError(f"image.caBundle names a file {error}") from error
        _normalise(fresh)
        digest = _digest(fresh)
        target = CONTEXTS / digest[:16]
        with contextlib.suppress(OSError):  # it is there: from an earlier run, or one at the same moment
            fresh.rename(target)
    os.utime(target)
    _forget_old()
    return BuildContext(target, revision, dirty, digest)


def _forget_old() -> None:
    """Remove contexts that no run has used for a while, and all but the newest few."""
    used = {}
    for context in CONTEXTS.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another run may be doing the same
            used[context] = context.stat().st_mtime
    for number, context in enumerate(sorted(used, key=lambda context: used[context], reverse=True)):
        age = time.time() - used[context]
        if age > FORGET_SECONDS or (number >= KEPT and age > IN_USE_SECONDS):
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
        if not (path / name).resolve().is_relative_to(path.resolve()):
            raise OSError(f"{name} is a symbolic link to a file outside of it")
        if (path / name).is_file():
            shutil.copyfile(path / name, target / "app" / name)


def _stage_source(settings: Settings, path: Path, target: Path, ignored: PatternMatcher) -> tuple[Revision, bool]:
    """Stage the source below `target`; its revision, and whether what is staged differs from that."""
    own, commit = excluded_files.excluded_files(path), settings.source.commit
    with repository.opened(path) as opened:
        if commit is not None:
            if opened is None:
                raise GitError(f"git: fatal: not a git repository: {path}")
            opened.write(_committed(opened, commit, own, ignored), target)
            target.mkdir(exist_ok=True)
            return Revision(commit, opened.time_of(commit), public_url(settings.source, opened.origin)), False
        _copy_all(path, target, ignored, own)
        last = opened.last_commit() if opened else None
        if opened is None or last is None:
            return Revision(None, 0, None), False
        revision = Revision(last, opened.time_of(last), public_url(settings.source, opened.origin))
        return revision, _differs(opened, _committed(opened, last, own, ignored), target)


def _committed(opened: Repository, commit: str, own: OwnFiles, ignored: PatternMatcher) -> dict[str, Entry]:
    """The files of `commit` that are built."""
    files = opened.files(commit)
    left_out = own.among(files, lambda name: opened.read(files[name]))
    return {name: entry for name, entry in files.items() if name not in left_out and not _matches(ignored, name)}


def _differs(opened: Repository, committed: dict[str, Entry], staged: Path) -> bool:
    """Whether the files in `staged` are others than `committed`, whatever git's index says of them.

    A file that differs in its line ends only, as a checkout with `core.autocrlf` does, is replaced by what was
    committed: git calls it unchanged too, and the same commit is the same image for everyone.
    """
    paths = {os.fsdecode(path.relative_to(staged)): path for path in _files(staged)}
    return paths.keys() != committed.keys() or any(
        not _is_as_committed(opened, committed[name], path) for name, path in paths.items()
    )


def _is_as_committed(opened: Repository, entry: Entry, path: Path) -> bool:
    if path.is_symlink():
        return entry.mode == repository.LINK and opened.hash_of(path) == entry.oid
    mode = path.stat().st_mode
    if entry.mode == repository.LINK or bool(mode & stat.S_IXUSR) != (entry.mode == repository.EXECUTABLE):
        return False
    if opened.hash_of(path) == entry.oid:
        return True
    if path.stat().st_size > NORMALISED_BYTES:
        return False
    normalised = path.read_bytes().replace(b"\r\n", b"\n")
    if opened.hash_of_content(normalised) != entry.oid:
        return False
    path.write_bytes(normalised)
    return True


def _copy_all(root: Path, target: Path, ignored: PatternMatcher, own: OwnFiles | None) -> None:
    target.mkdir(exist_ok=True)
    for name in sorted(_walk(root, "", ignored, own)):
        origin, copy = root / name, target / name
        if not origin.is_symlink() and not origin.is_file():
            raise OSError(f"{name} is neither a file, a folder nor a symbolic link")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, copy, follow_symlinks=False)
        if not copy.is_symlink():
            copy.chmod(origin.stat().st_mode | stat.S_IWUSR)


def _walk(root: Path, folder: str, ignored: PatternMatcher, own: OwnFiles | None) -> Iterator[str]:
    """The files below `folder` that are built, by their path in `root`."""
    for entry in os.scandir(root / folder):
        name = f"{folder}{entry.name}"
        if own and own.is_place(name):
            continue
        if not entry.is_dir(follow_symlinks=False):
            if not _matched(ignored, name):
                yield name
        elif not (_matched(ignored, name) and not _reopened(ignored, name)) and not (
            own and own.is_folder_of(Path(entry.path))
        ):
            yield from _walk(root, f"{name}/", ignored, own)


def _normalise(root: Path) -> None:
    """Modes that depend on nothing but the owner's executable bit, which is what git records."""
    root.chmod(0o755)
    for path in root.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)


def _digest(root: Path) -> str:
    digest = hashlib.sha256()
    for path in _files(root):
        link = os.fsencode(path.readlink()) if path.is_symlink() else None
        mode = 0o120000 if link is not None else path.stat().st_mode & 0o777
        size = len(link) if link is not None else path.stat().st_size
        digest.update(os.fsencode(path.relative_to(root)) + f"\0{mode:o}\0{size}\0".encode())
        if link is not None:
            digest.update(link)
            continue
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _files(root: Path) -> Iterable[Path]:
    return sorted(path for path in root.rglob("*") if path.is_symlink() or path.is_file())
