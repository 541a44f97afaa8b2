"""The project's Python environment, and how any other is made."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolchain.command import output_of, run_logged
from toolchain.debian import Debian
from toolchain.layout import Layout
from toolchain.problem import ENSURE, Problem
from toolchain.python_lock import COMMAND, LOCK, REQUIREMENT_FILES, missing
from toolchain.report import Row, Source

NAME = ".venv"
MARKER = ".installed-requirements"


def inspect_virtualenv(layout: Layout) -> Row:
    """The state of the environment; changes nothing."""
    if not _python(layout).exists():
        return Row(NAME, "", Source.NONE, "it does not exist", ENSURE)
    version = output_of([str(_python(layout)), "-c", "import platform; print(platform.python_version())"])
    if not version:
        return Row(NAME, "", Source.NONE, "its Python does not run", ENSURE)
    if _marked(layout) != _fingerprint(layout):
        return Row(NAME, version, Source.CACHED, "the requirements have changed", ENSURE)
    return Row(NAME, version, Source.CACHED, str(layout.venv))


def ensure(layout: Layout, environment: Mapping[str, str]) -> Row:
    """Create or update `.venv` to match the lock; does nothing if it already does.

    pip accepts only files with the hashes in the lock, whatever index they come from.

    Args:
        layout: the checkout.
        environment: the user's variables, for pip.

    Raises:
        Problem: no requirements, no lock of them, no venv module, or pip fails.
    """
    if inspect_virtualenv(layout).ok:
        return inspect_virtualenv(layout)
    files = _files(layout)
    if not files:
        what = f"there is no {REQUIREMENT_FILES[0]} in {layout.project}"
        raise Problem(what, "run this from the project's root")
    lock = layout.project / LOCK
    if not lock.exists() or (lines := missing(files, lock)):
        what = f"{LOCK} does not have {', '.join(lines)}" if lock.exists() else f"there is no {LOCK}"
        raise Problem(f"{what}: only what is locked, with its hashes, is installed", COMMAND)
    (layout.venv / MARKER).unlink(missing_ok=True)
    locked = ["--require-hashes", "-r", str(layout.project / LOCK)]
    install(layout.venv, locked, layout, environment, layout.logs / "venv.log")
    (layout.venv / MARKER).write_text(_fingerprint(layout))
    return Row(NAME, inspect_virtualenv(layout).version, Source.BUILT, f"from {LOCK}")


def install(folder: Path, wanted: Sequence[str], layout: Layout, environment: Mapping[str, str], log: Path) -> None:
    """Create a virtual environment and install packages in it.

    Args:
        folder: of the environment; it is created again if its pip does not run.
        wanted: arguments of `pip install`.
        layout: the cache, for packages that `venv` needs.
        environment: the user's variables, for pip.
        log: receives pip's output.

    Raises:
        Problem: no venv module, or pip fails.
    """
    _require_venv_module(layout, environment)
    python = str(folder / "bin" / "python")
    if not output_of([python, "-m", "pip", "--version"]):
        run_logged([sys.executable, "-m", "venv", "--clear", str(folder)], log)
    argv = [python, "-m", "pip", "install", *wanted]
    fix = f"check that pip can reach its package index: {' '.join(argv)}"
    run_logged(argv, log, environment=environment, fix=fix)


def _python(layout: Layout) -> Path:
    return layout.venv / "bin" / "python"


def _files(layout: Layout) -> list[Path]:
    return [layout.project / name for name in REQUIREMENT_FILES if (layout.project / name).exists()]


def _fingerprint(layout: Layout) -> str:
    """Changes with the requirement files and their lock."""
    digest = hashlib.sha256()
    lock = layout.project / LOCK
    for file in [*_files(layout), *([lock] if lock.exists() else [])]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _marked(layout: Layout) -> str:
    try:
        return (layout.venv / MARKER).read_text()
    except OSError:
        return ""


def _require_venv_module(layout: Layout, environment: Mapping[str, str]) -> None:
    """Debian's own Python comes without what `venv` needs."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if not os.path.realpath(sys.executable).startswith("/usr/bin/"):
        raise Problem(
            f"{sys.executable} has no ensurepip, so it cannot make a virtual environment",
            "use a Python that was built with ensurepip",
        )
    Debian(layout, environment).install([package], "a virtual environment")
