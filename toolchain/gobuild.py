"""Builds programs from pinned Go modules into immutable, content-addressed folders."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from toolchain.artefacts import Artefact, publishing
from toolchain.command import output_of, run_logged
from toolchain.golang import Go
from toolchain.layout import Layout
from toolchain.problem import Problem

MODULES = Path(__file__).parent / "modules"
# Debug information is stripped by the linker (-s -w). Not compiling it in the first place saves a fifth of the time.
FLAGS = ("-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false")
SETTINGS = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off", "GOTOOLCHAIN": "local"}
"""The same build whatever the user's own Go settings are. GOCACHE and GOPROXY stay the user's."""

COMPILER = {"GOGC": "400"}
"""How the compiler works, which does not shape the result: it collects its garbage less often, in a sixth less time."""

DOWNLOAD_SECONDS = 300.0
"""How long one module may take to come, where nothing else has asked for it before."""


@dataclass(frozen=True)
class Generated:
    """A file that a command of the module writes before the module is built: `command VERSION FILE`."""

    command: str
    file: str


@dataclass(frozen=True)
class Extra:
    """Files that the program needs beside it, taken from a module that the `module` folder pins.

    They are programs themselves, unless `data` says otherwise.
    """

    module: str
    source: str
    files: tuple[str, ...]
    data: bool = field(default=False, repr=False)


@dataclass(frozen=True)
class Patched:
    """A module of which one file is another one: the `go` command does not take one from beside its module cache.

    Attributes:
        module: its path.
        file: which file of it.
        ours: the file in the recipe's folder that takes its place.
    """

    module: str
    file: str
    ours: str


@dataclass(frozen=True)
class GoRecipe:
    """How one program is built from a folder of `modules/`.

    `stamps` are more of what the linker writes into it, by variable. `aliases` are names under which it is another
    program. `experiment` is what the program wants of Go that is not in every Go. They are left out of `repr`, which is
    part of every key: a recipe without them keeps its key. `patched` is
    built with a file of ours.
    """

    module: str
    package: str
    program: str
    version: str
    version_variable: str = ""
    generated: Generated | None = None
    extra: Extra | None = None
    stamps: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    aliases: tuple[str, ...] = field(default=(), repr=False)
    experiment: str = field(default="", repr=False)
    patched: Patched | None = field(default=None, repr=False)

    @property
    def settings(self) -> dict[str, str]:
        """The variables of `go build` that shape the result."""
        return {**SETTINGS, **({"GOEXPERIMENT": self.experiment} if self.experiment else {})}

    @property
    def folder(self) -> Path:
        return MODULES / self.module

    def flags(self) -> list[str]:
        """The arguments of `go build` that shape the result."""
        version = ((self.version_variable, self.version),) if self.version_variable else ()
        linker = ["-s -w", *(f"-X {variable}={value}" for variable, value in (*version, *self.stamps))]
        return [*FLAGS, "-ldflags", " ".join(linker)]


def key(recipe: GoRecipe, go_version: str, platform: str) -> str:
    """The cache key of a build: a hash of the module folders, Go, the flags and the platform.

    Args:
        recipe: what is built.
        go_version: such as `1.26.6`.
        platform: GOOS/GOARCH.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    folders = [recipe.folder, *([MODULES / recipe.extra.module] if recipe.extra else [])]
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md"):
            digest.update(f"{file.relative_to(folder.parent)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    digest.update(repr((recipe, recipe.flags(), sorted(recipe.settings.items()), go_version, platform)).encode())
    digest.update("".join(f"\0{alias}" for alias in recipe.aliases).encode())
    digest.update(repr(recipe.patched).encode() if recipe.patched else b"")
    return digest.hexdigest()[:16]


def artefact(recipe: GoRecipe, go: Go, layout: Layout) -> Artefact:
    """The artefact that `recipe` produces with this Go, whether or not it exists yet.

    Args:
        recipe: what is built.
        go: the toolchain that builds it; its version and platform are part of the key.
        layout: the cache.
    """
    platform = f"{go.variable('GOOS')}/{go.variable('GOARCH')}"
    name = f"{recipe.program}-{recipe.version}"
    return Artefact(layout.artefacts / f"{name}-{key(recipe, go.version, platform)}")


def build(recipe: GoRecipe, go: Go, layout: Layout, environment: Mapping[str, str]) -> Artefact:
    """Build a recipe unless its result is in the cache. A partial result is never visible.

    Args:
        recipe: what is built.
        go: the toolchain that builds it.
        layout: the cache.
        environment: the user's variables; the recipe's settings override them.

    Raises:
        Problem: the build fails; includes the last lines of its log.
    """
    result = artefact(recipe, go, layout)
    if result.exists():
        return result
    log = layout.logs / f"build-{recipe.program}-{time.strftime('%Y%m%d-%H%M%S')}.log"
    settings = {**COMPILER, **environment, **recipe.settings}
    with publishing(result) as folder:
        source = folder / "source"
        shutil.copytree(recipe.folder, source)
        if recipe.patched:
            _patch(recipe.patched, go, settings, source, log)
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
        for alias in recipe.aliases:
            os.link(output, folder / alias)
        shutil.rmtree(source)
    return result


def _patch(patched: Patched, go: Go, environment: Mapping[str, str], source: Path, log: Path) -> None:
    """Replace the module, in the copy of the recipe's folder, by a copy of it with the file."""
    copy = source / "patched"
    shutil.copytree(_module(patched.module, go, environment, source), copy, copy_function=shutil.copyfile)
    (source / patched.ours).replace(copy / patched.file)
    run_logged(
        [go.program, "mod", "edit", f"-replace={patched.module}=./{copy.name}"],
        log,
        cwd=source,
        environment=environment,
    )


def _copy_extra(extra: Extra, go: Go, environment: Mapping[str, str], folder: Path) -> None:
    """Copy the extra files out of the module cache; go.sum verifies them."""
    module = _module(extra.source, go, environment, MODULES / extra.module)
    for name in extra.files:
        target = folder / Path(name).name
        shutil.copyfile(module / name, target)
        target.chmod(0o644 if extra.data else 0o755)


def _module(path: str, go: Go, environment: Mapping[str, str], folder: Path) -> Path:
    """Where a module is that `folder` pins, once it is downloaded; go.sum verifies it."""
    command = [go.program, "-C", str(folder), "mod", "download", "-json", path]
    answer = output_of(command, limit=DOWNLOAD_SECONDS, environment=environment)
    if not answer:
        raise Problem(f"module {path} cannot be downloaded", "run the same command again")
    return Path(json.loads(answer)["Dir"])
