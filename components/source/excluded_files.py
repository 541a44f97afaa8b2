"""Files of the deployment that lie in the application's source. They are never staged.

The project may be cloned inside of the application's repository, as a folder of it, as a linked worktree or several
times. State, passphrase and virtual environment may be anywhere: variables set their paths.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

NAMES = frozenset({".pulumi", ".mimir", ".passphrase", ".git"})
"""Pulumi's state, the audit log, the key of the stack's secrets, and git's own files: at any depth."""

BUILD_OUTPUT = ".build"
PROJECT_FILE = "Pulumi.yaml"
ENVIRONMENT_FILE = "pyvenv.cfg"
"""What a virtual environment has in its root (PEP 405)."""

PLACES = ("PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_BACKEND_URL", "MIMIR_AUDIT_LOG", "MIMIR_TOOLCHAIN_HOME")
"""Variables that name a file or a folder, as a path or as a file:// URL."""


@dataclass(frozen=True)
class OwnFiles:
    """Identifies the files in a source that belong to the deployment.

    Attributes:
        places: paths in the source, of the project and of what variables name.
        project: name of the project, by which its other checkouts are known.
    """

    places: frozenset[str]
    project: str

    def is_place(self, name: str) -> bool:
        """Whether the file or folder `name` is one of these by its path or name alone."""
        return name in self.places or PurePosixPath(name).name in NAMES

    def is_checkout(self, project_file: bytes) -> bool:
        """Whether a Pulumi.yaml with this content is that of another checkout of the project."""
        return _name_in(project_file.decode(errors="replace")) == self.project

    def is_folder_of(self, folder: Path) -> bool:
        """Whether `folder` is a checkout of the project or a virtual environment, by what is in it."""
        if (folder / ENVIRONMENT_FILE).is_file():
            return True
        file = folder / PROJECT_FILE
        return file.is_file() and self.is_checkout(file.read_bytes())

    def among(self, names: Collection[str], read: Callable[[str], bytes]) -> set[str]:
        """Those of `names`, the files of a commit, that are the deployment's; `read` gives the content of one."""
        folders = set()
        for name in names:
            path = PurePosixPath(name)
            marker = path.name == ENVIRONMENT_FILE or (path.name == PROJECT_FILE and self.is_checkout(read(name)))
            if marker and len(path.parts) > 1:  # the source itself is what is built
                folders.add(str(path.parent))
        return {name for name in names if any(self.is_place(path) or path in folders for path in _with_parents(name))}


def excluded_files(source: Path, environment: Mapping[str, str] = os.environ) -> OwnFiles:
    """What is the deployment's in the folder `source`; the current folder is the project."""
    root, project = source.resolve(), Path.cwd()
    named = (environment.get(variable, "").removeprefix("file://").partition("?")[0] for variable in PLACES)
    places = [
        project,
        project / BUILD_OUTPUT,
        *(Path(name).expanduser() for name in named if name and "://" not in name),
    ]
    inside = {
        place.resolve().relative_to(root).as_posix() for place in places if place.resolve().is_relative_to(root)
    } - {"."}
    file = project / PROJECT_FILE
    name = _name_in(file.read_text(errors="replace")) if file.is_file() else None
    return OwnFiles(frozenset(inside), name or "mimir")


def _name_in(project_file: str) -> str | None:
    match = re.search(r"""^name:\s*["']?([\w.-]+)""", project_file, re.MULTILINE)
    return match[1] if match else None


def _with_parents(name: str) -> list[str]:
    return [name, *(str(folder) for folder in PurePosixPath(name).parents[:-1])]
