"""What is judged: a folder of manifests and a folder of Dockerfiles, and nothing else in either."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.audit.manifests import Manifest
from tests.support.project import PROJECT

CONTAINER = "container"
"""The project's folder in which the Dockerfiles are."""


@dataclass(frozen=True)
class Subjects:
    """The two folders, in one that holds nothing else."""

    folder: Path

    @property
    def manifests(self) -> Path:
        return self.folder / "manifests"

    @property
    def dockerfiles(self) -> Path:
        return self.folder / "dockerfiles"

    @property
    def manifest_files(self) -> list[Path]:
        return sorted(self.manifests.iterdir())

    @property
    def dockerfile_files(self) -> list[Path]:
        return sorted(self.dockerfiles.iterdir())


def of_project(manifests: Iterable[Manifest], folder: Path) -> Subjects:
    """The manifests, a file for each object, and the project's Dockerfiles, in `folder`."""
    subjects = empty(folder)
    for manifest in manifests:
        add(manifest, subjects)
    for dockerfile in (PROJECT / CONTAINER).glob("Dockerfile*"):
        shutil.copyfile(dockerfile, subjects.dockerfiles / dockerfile.name)
    return subjects


def empty(folder: Path) -> Subjects:
    """Two empty folders in `folder`."""
    subjects = Subjects(folder)
    subjects.manifests.mkdir(parents=True)
    subjects.dockerfiles.mkdir()
    return subjects


def add(manifest: Manifest, subjects: Subjects) -> None:
    """A file of its own: a tool that names nothing but the file still says which object it means."""
    file = subjects.manifests / f"{manifest.title.replace('/', '_')}.yaml"
    assert not file.exists(), f"there are two of {manifest.title}"
    file.write_text(yaml.safe_dump(manifest.document))


def title(file: str) -> str:
    """What people call the thing in `file`: Deployment/mimir-prod, container/Dockerfile."""
    path = Path(file)
    return path.stem.replace("_", "/", 1) if path.suffix == ".yaml" else f"{CONTAINER}/{path.name}"
