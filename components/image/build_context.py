"""The build context: a folder with the source, the probe and the CA bundle, the same on every machine.

docker-build hashes names, contents and modes of the context (pulumi-docker-build#222, #358), so two checkouts of one
commit under different umasks would always rebuild. The context is therefore copied with normalised modes, at a path
relative to the project, with the ignore rules already applied: what is not needed is never sent to the builder.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from docker.utils.build import PatternMatcher

from components.image import committed_files, ignore_rules, staged_files
from components.image.ca_bundle import BadBundle, certificates
from components.settings import Settings
from components.source.excluded_files import excluded_files
from components.source.git_fetch import fetch_commit
from components.source.repository import open_repository
from components.source.source import GitError, Revision, is_url, public_url

CONTAINER = Path("container")
BUILD = Path(".build")
CONTEXTS = BUILD / "context"
FORGET_SECONDS = 7 * 24 * 3600
MOST_KEPT = 10
"""Maximum number of contexts that are kept, besides those that a build may still be reading."""

IN_USE_SECONDS = 2 * 3600
"""A build ends within `components.image.buildx.BUILD_SECONDS`, and the provider's own within its timeout."""


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
    """Stage the context in a folder named after its content, so that a running build never sees a change.

    Raises:
        GitError: when a commit cannot be read or fetched.
        OSError: when a file cannot be staged.
    """
    ignored = ignore_rules.load_patterns(CONTAINER / ".dockerignore", settings.source.ignore)
    location, commit = settings.source.location, settings.source.commit
    path = fetch_commit(location, str(commit)) if is_url(location) else Path(location)
    CONTEXTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        fresh = Path(scratch) / "context"
        fresh.mkdir()
        revision, dirty = Revision(None, 0, None), False
        if settings.live_reload:
            _stage_for_live_reload(path, fresh)
        else:
            revision, dirty = _stage_source(settings, path, fresh / "app", ignored)
        staged_files.copy_files(CONTAINER / "probe", fresh / "probe", ignored, None)
        (fresh / "ca").mkdir()
        if settings.image.ca_bundle:
            try:
                (fresh / "ca/ca-certificates.crt").write_bytes(certificates(Path(settings.image.ca_bundle)))
            except BadBundle as error:  # changed since the settings were validated
                raise OSError(f"image.caBundle names a file {error}") from error
        staged_files.normalise_modes(fresh)
        digest = staged_files.hash_files(fresh)
        target = CONTEXTS / digest[:16]
        with contextlib.suppress(OSError):  # it exists: from an earlier or a concurrent run
            fresh.rename(target)
    os.utime(target)
    _remove_old_contexts()
    return BuildContext(target, revision, dirty, digest)


def _remove_old_contexts() -> None:
    """Remove contexts that no run has used for a while, and all but the newest few."""
    last_used = {}
    for context in CONTEXTS.iterdir():
        with contextlib.suppress(FileNotFoundError):  # a concurrent run may remove it too
            last_used[context] = context.stat().st_mtime
    for number, context in enumerate(sorted(last_used, key=lambda context: last_used[context], reverse=True)):
        age = time.time() - last_used[context]
        if age > FORGET_SECONDS or (number >= MOST_KEPT and age > IN_USE_SECONDS):
            shutil.rmtree(context, ignore_errors=True)


def _stage_for_live_reload(path: Path, target: Path) -> None:
    """Stage go.mod and go.sum only: the source is mounted, and an edit must not lead to a new image."""
    (target / "app").mkdir()
    shutil.copyfile(CONTAINER / "air.toml", target / "air.toml")
    for name in ("go.mod", "go.sum"):
        if not (path / name).resolve().is_relative_to(path.resolve()):
            raise OSError(f"{name} is a symbolic link to a file outside of it")
        if (path / name).is_file():
            shutil.copyfile(path / name, target / "app" / name)


def _stage_source(settings: Settings, path: Path, target: Path, ignored: PatternMatcher) -> tuple[Revision, bool]:
    """Stage the source below `target`; its revision, and whether the staged files differ from that revision."""
    own, commit = excluded_files(path), settings.source.commit
    with open_repository(path) as repository:
        if commit is not None:
            if repository is None:
                raise GitError(f"git: fatal: not a git repository: {path}")
            files = committed_files.select_files(repository, commit, own, ignored)
            repository.objects.write_files(files, target)
            target.mkdir(exist_ok=True)
            url = public_url(settings.source, repository.objects.origin)
            return Revision(commit, repository.commit_time(commit), url), False
        staged_files.copy_files(path, target, ignored, own)
        last = repository.last_commit() if repository else None
        if repository is None or last is None:
            return Revision(None, 0, None), False
        url = public_url(settings.source, repository.objects.origin)
        revision = Revision(last, repository.commit_time(last), url)
        committed = committed_files.select_files(repository, last, own, ignored)
        return revision, committed_files.differ(repository.objects, committed, target)
