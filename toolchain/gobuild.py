"""Builds programs from pinned Go modules into immutable, content-addressed folders."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain.artefacts import Artefact, publishing
from toolchain.command import output_of, run_logged
from toolchain.golang import Go
from toolchain.layout import Layout
from toolchain.problem import Problem

MODULES = Path(__file__).parent / "modules"
FLAGS = ("-trimpath", "-buildvcs=false")
SETTINGS = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off", "GOTOOLCHAIN": "local"}
"""The same build whatever the user's own Go settings are. GOCACHE and GOPROXY stay the user's."""


@dataclass(frozen=True)
class Generated:
    """A file that a command of the module writes before the module is built: `command VERSION FILE`."""

    command: str
    file: str


@dataclass(frozen=True)
class Extra:
    """Executable files that the program needs beside it, taken from a module that the `module` folder pins."""

    module: str
    source: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class GoRecipe:
    """How one program is built from a folder of `modules/`."""

    module: str
    package: str
    program: str
    version: str
    version_variable: str = ""
    generated: Generated | None = None
    extra: Extra | None = None

    @property
    def folder(self) -> Path:
        return MODULES / self.module

    def flags(self) -> list[str]:
        """The arguments of `go build` that shape the result."""
        linker = "-s -w"
        if self.version_variable:
            linker += f" -X {self.version_variable}={self.version}"
        return [*FLAGS, "-ldflags", linker]


def key(recipe: GoRecipe, go_version: str, platform: str) -> str:
    """What the result depends on: the module folders' contents, Go, the flags, the platform; 16 hex digits."""
    digest = hashlib.sha256()
    folders = [recipe.folder, *([MODULES / recipe.extra.module] if recipe.extra else [])]
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md"):
            digest.update(f"{file.relative_to(folder.parent)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    digest.update(repr((recipe, recipe.flags(), sorted(SETTINGS.items()), go_version, platform)).encode())
    return digest.hexdigest()[:16]


def artefact(recipe: GoRecipe, go: Go, layout: Layout) -> Artefact:
    """Where this recipe's result is, or will be."""
    platform = f"{go.variable('GOOS')}/{go.variable('GOARCH')}"
    name = f"{recipe.program}-{recipe.version}"
    return Artefact(layout.artefacts / f"{name}-{key(recipe, go.version, platform)}")


def build(recipe: GoRecipe, go: Go, layout: Layout, environment: Mapping[str, str]) -> Artefact:
    """Build a recipe unless its result is there. Nothing of a build that did not finish is ever visible.

    Raises:
        Problem: the build fails; carries the last lines of its log.
    """
    result = artefact(recipe, go, layout)
    if result.exists():
        return result
    log = layout.logs / f"build-{recipe.program}-{time.strftime('%Y%m%d-%H%M%S')}.log"
    settings = {**environment, **SETTINGS}
    with publishing(result) as folder:
        source = folder / "source"
        shutil.copytree(recipe.folder, source)
        if recipe.generated:
            run_logged(
                [go.program, "run", *FLAGS, recipe.generated.command, recipe.version, recipe.generated.file],
                log,
                cwd=source,
                environment=settings,
            )
        output = folder / recipe.program
        run_logged(
            [go.program, "build", *recipe.flags(), "-o", str(output), recipe.package],
            log,
            cwd=source,
            environment=settings,
        )
        if recipe.extra:
            _copy_extra(recipe.extra, go, settings, folder)
        shutil.rmtree(source)
    return result


def _copy_extra(extra: Extra, go: Go, environment: Mapping[str, str], folder: Path) -> None:
    """Copy the extra files out of the module cache; go.sum has verified them."""
    asked = [go.program, "-C", str(MODULES / extra.module), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}"]
    root = output_of([*asked, extra.source], limit=120, environment=environment)
    if not root:
        raise Problem(f"module {extra.source} is not in the module cache", "run the same command again")
    for name in extra.files:
        target = folder / Path(name).name
        shutil.copyfile(Path(root) / name, target)
        target.chmod(0o755)
