"""Finds a Go toolchain, or gets one from PyPI."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain import versions
from toolchain.command import output_of, run_logged
from toolchain.layout import Layout
from toolchain.problem import Problem
from toolchain.report import Row, Source

USUAL_PLACE = "/usr/local/go/bin/go"
DOWNLOAD_SECONDS = 300.0
"""How long one release of Go may take to come."""


@dataclass(frozen=True)
class Go:
    """A Go toolchain that is new enough."""

    program: str
    version: str
    source: Source
    why: str = ""

    def variable(self, name: str) -> str:
        """What `go env NAME` answers."""
        return output_of([self.program, "env", name])

    @property
    def root(self) -> Path:
        return Path(self.variable("GOROOT"))

    def row(self) -> Row:
        return Row("Go", self.version, self.source, self.why)


def find_go(layout: Layout, environment: Mapping[str, str]) -> Go | None:
    """The first Go that is new enough: on PATH, in the usual place, in the cache; None if there is none."""
    candidates = [
        (shutil.which("go", path=environment.get("PATH")), Source.INSTALLED),
        (USUAL_PLACE, Source.INSTALLED),
        (_from_pypi(layout), Source.CACHED),
    ]
    for program, source in candidates:
        if program and os.access(program, os.X_OK):
            version = output_of([program, "env", "GOVERSION"]).removeprefix("go")
            if versions.fits(version, versions.GO_OLDEST):
                return Go(program, version, source)
    return None


def ensure_go(layout: Layout, environment: Mapping[str, str]) -> Go:
    """A Go toolchain; if the machine has none, it is installed from PyPI into its own virtual environment.

    Args:
        layout: the cache.
        environment: the user's variables; PATH is searched.

    Raises:
        Problem: PyPI cannot provide it.
    """
    go = find_go(layout, environment)
    if go:
        return go
    log = layout.logs / "go.log"
    folder = layout.home / "go"
    fix = f"install Go {versions.GO_OLDEST} or newer from https://go.dev/dl/, then run the same command again"
    run_logged([sys.executable, "-m", "venv", "--clear", str(folder)], log, fix=fix)
    run_logged([str(folder / "bin/python"), "-m", "pip", "install", versions.GO_FROM_PYPI], log, fix=fix)
    go = find_go(layout, environment)
    if go is None:
        raise Problem(f"{versions.GO_FROM_PYPI} was installed, but its `go` does not run", fix)
    return Go(go.program, go.version, Source.DOWNLOADED, f"no Go {versions.GO_OLDEST} or newer on PATH")


def at_release(go: Go, version: str, environment: Mapping[str, str]) -> Go:
    """Go of exactly this release, which any Go gets from its module proxy and checks (https://go.dev/doc/toolchain).

    Args:
        go: the toolchain that downloads the release.
        version: such as `1.26.11`.
        environment: the user's variables.

    Returns:
        The release, or `go` itself if the download fails: a fallback image states which Go it contains.
    """
    if go.version == version:
        return go
    settings = {**environment, "GOTOOLCHAIN": f"go{version}"}
    root = output_of([go.program, "env", "GOROOT"], limit=DOWNLOAD_SECONDS, environment=settings)
    return Go(f"{root}/bin/go", version, Source.DOWNLOADED) if root else go


def _from_pypi(layout: Layout) -> str:
    return str(layout.home / "go/bin/go")
