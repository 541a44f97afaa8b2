"""A BuildKit daemon of the bench's own: its cache can be emptied without costing anyone theirs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.settings import Settings
from toolchain.layout import Layout
from toolchain.machine import Machine, is_root
from toolchain.services import buildx
from toolchain.services.builder import STOP_SECONDS, start
from toolchain.services.process import Daemon

SECONDS = 600


class Unavailable(Exception):
    """The machine cannot have such a daemon."""


@dataclass(frozen=True)
class Builder:
    """The daemon, for `docker buildx` and for the docker-build plugin.

    Attributes:
        env: environment in which both use it.
        folder: place for files of the bench.
    """

    env: dict[str, str]
    folder: Path

    def buildx(self, *arguments: str) -> None:
        """Run a command of buildx."""
        subprocess.run(
            ["docker-buildx", *arguments],
            env={**os.environ, **self.env},
            check=True,
            capture_output=True,
            timeout=SECONDS,
        )

    def empty(self) -> None:
        """Forget everything but the compiler's base image: a new machine's cache, after its first pull."""
        self.buildx("prune", "--all", "--force")
        context = self.folder / "base"
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text(f"FROM {Settings().image.go_image}\nRUN true\n")
        self.buildx("build", "--output=type=cacheonly", str(context))


@contextmanager
def own_builder(folder: Path) -> Iterator[Builder]:
    """A daemon for the block.

    Raises:
        Unavailable: only root can start one.
    """
    if not is_root():
        raise Unavailable("a BuildKit daemon of the bench's own needs root")
    machine = Machine.of(Layout.of(Path.cwd(), os.environ), os.environ)
    daemon = Daemon("builder", folder / "builder")
    endpoint = f"unix://{folder}/buildkitd.sock"
    start(machine, daemon, endpoint)
    try:
        records = folder / "buildx"
        buildx.write(records, buildx.Builder("bench", "remote", endpoint, {}))
        yield Builder({"BUILDX_CONFIG": str(records)}, folder)
    finally:
        daemon.stop(STOP_SECONDS)
