"""Git repositories with a small Go module, for tests of where the source comes from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.project import PROJECT

FILES = {
    "go.mod": "module example.com/service\n\ngo 1.23\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "internal/a.go": "package internal\n",
    "main_test.go": "package main\n",
    "README.md": "# A service\n",
}


def git(*arguments: str, at: Path, umask: int = 0o022) -> str:
    """Run git as somebody with a name, and with no configuration of this machine's."""
    command = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env = {**clean, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        [*command, *arguments], cwd=at, env=env, umask=umask, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def write(root: Path, files: dict[str, str]) -> None:
    """Write these files under `root`."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def commit(root: Path, message: str = "change") -> str:
    """Commit everything; the full commit."""
    git("add", "--all", at=root)
    git("commit", "--quiet", "--allow-empty", "--message", message, at=root)
    return git("rev-parse", "HEAD", at=root)


def create(root: Path, files: dict[str, str] | None = None) -> Path:
    """A repository with one commit: an executable, a symbolic link, tests and documentation among its files."""
    root.mkdir(parents=True)
    git("init", "--quiet", at=root)
    write(root, FILES if files is None else files)
    if files is None:
        write(root, {"generate.sh": "#!/bin/sh\n"})
        (root / "generate.sh").chmod(0o755)
        (root / "link.go").symlink_to("internal/a.go")
    commit(root, "first")
    return root


def clone(origin: Path, target: Path, umask: int = 0o022) -> Path:
    """A clone, made by somebody with this umask."""
    git("clone", "--quiet", str(origin), str(target), at=origin, umask=umask)
    return target


def project(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """A project to stage from, as the current folder."""
    folder.mkdir()
    (folder / "container").symlink_to(PROJECT / "container")
    patch.chdir(folder)
    home = folder.with_name("home")  # the program ignores GIT_CONFIG_GLOBAL, so the user's settings are in here
    home.mkdir(exist_ok=True)
    patch.setenv("HOME", str(home))
    patch.delenv("XDG_CONFIG_HOME", raising=False)
    return folder
