"""Makes programs of Python packages, each with all that it wants in an environment of its own.

Some of them pin what the project's environment has in other versions.
"""

from __future__ import annotations

import hashlib
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from toolchain import virtualenv
from toolchain.artefacts import Artefact, publishing
from toolchain.layout import Layout

ENVIRONMENT = "environment"


@dataclass(frozen=True)
class PythonRecipe:
    """How one program is had from PyPI. `main` is the module that is it, where it is no executable by itself."""

    package: str
    program: str
    version: str
    main: str = ""


def artefact(recipe: PythonRecipe, layout: Layout) -> Artefact:
    """The artefact that `recipe` produces, whether or not it exists yet. It is valid for one Python only."""
    python = (sys.base_prefix, platform.python_version(), platform.machine())
    key = hashlib.sha256(repr((recipe, python)).encode()).hexdigest()[:16]
    return Artefact(layout.artefacts / f"{recipe.program}-{recipe.version}-{key}")


def build(recipe: PythonRecipe, layout: Layout, environment: Mapping[str, str]) -> Artefact:
    """Install a recipe unless its result is in the cache. A partial result is never visible.

    Args:
        recipe: which package and program.
        layout: the cache.
        environment: the user's variables, for pip.

    Raises:
        Problem: it cannot be installed; includes the last lines of pip's log.
    """
    result = artefact(recipe, layout)
    if result.exists():
        return result
    log = layout.logs / f"install-{recipe.program}-{time.strftime('%Y%m%d-%H%M%S')}.log"
    with publishing(result) as folder:
        packages = [f"{recipe.package}=={recipe.version}"]
        virtualenv.install(folder / ENVIRONMENT, packages, layout, environment, log)
        program = folder / recipe.program
        if recipe.main:
            # What pip makes would name the Python of the folder that this one is about to lose.
            python = result.folder / ENVIRONMENT / "bin/python"
            program.write_text(f"#!/bin/sh\nexec '{python}' -I -m {recipe.main} \"$@\"\n")
            program.chmod(0o755)
        else:
            program.hardlink_to(folder / ENVIRONMENT / "bin" / recipe.program)
    return result
