"""Takes single programs from Debian's packages, and on other systems installs them with Go."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from toolchain import suites
from toolchain.artefacts import Artefact, publishing
from toolchain.command import run_logged
from toolchain.debian import Debian
from toolchain.golang import ensure_go
from toolchain.layout import Layout
from toolchain.problem import Problem

VERSION_FILE = "VERSION"


@dataclass(frozen=True)
class DebianRecipe:
    """How one program is taken from Debian's newer suite.

    Attributes:
        package: name of the package.
        program: name of the program in it.
        version: the oldest version that will do; the suite moves.
        module: what `go install` takes where the machine is no Debian, such as `example.org/cmd/tool@v1.2.3`; empty
            where there is no such way.
    """

    package: str
    program: str
    version: str
    module: str = ""


def artefact(recipe: DebianRecipe, layout: Layout) -> Artefact:
    """The artefact that `recipe` produces on this machine, whether or not it exists yet."""
    return Artefact(layout.artefacts / f"{recipe.program}-{recipe.version}-{_origin()}")


def version(recipe: DebianRecipe, layout: Layout) -> str:
    """The version of the installed program, or the minimum version of the recipe if it is not installed."""
    file = artefact(recipe, layout).folder / VERSION_FILE
    return file.read_text().strip() if file.is_file() else recipe.version


def origin(recipe: DebianRecipe) -> str:
    """Where the program comes from on this machine, for the table of tools."""
    return f"Debian {suites.NEWER}'s {recipe.package}" if suites.is_debian() else f"go install {recipe.module}"


def build(recipe: DebianRecipe, layout: Layout, environment: Mapping[str, str]) -> Artefact:
    """Get the program unless it is in the cache. A partial result is never visible.

    Args:
        recipe: which program.
        layout: the cache.
        environment: the user's variables, for apt and Go.

    Raises:
        Problem: the package or the module cannot be downloaded, or is too old.
    """
    result = artefact(recipe, layout)
    if result.exists():
        return result
    if not suites.is_debian():
        return _install(recipe, layout, environment)
    package = Debian(layout, environment, suites.NEWER).unpack(recipe.package, recipe.version)
    with publishing(result) as folder:
        # The unpacked package is not needed for anything else, so its program is not kept twice.
        os.link(package.program(recipe.program), folder / recipe.program)
        (folder / VERSION_FILE).write_text(f"{package.version}\n")
    shutil.rmtree(package.root)
    return result


def _install(recipe: DebianRecipe, layout: Layout, environment: Mapping[str, str]) -> Artefact:
    """`go install`: Go checks the module against its checksum database."""
    result = artefact(recipe, layout)
    if not recipe.module:
        message = f"{recipe.program}: this is not a Debian machine, so the toolchain cannot get it"
        raise Problem(message, f"install {recipe.program} {recipe.version} or newer yourself")
    go = ensure_go(layout, environment)
    with publishing(result) as folder:
        settings = {**environment, "GOBIN": str(folder), "CGO_ENABLED": "0", "GOFLAGS": ""}
        log = layout.logs / f"install-{recipe.program}.log"
        run_logged([go.program, "install", "-trimpath", recipe.module], log, environment=settings)
        (folder / VERSION_FILE).write_text(recipe.module.rpartition("@")[2].removeprefix("v") + "\n")
    return result


def _origin() -> str:
    return suites.NEWER if suites.is_debian() else "module"
