"""Where everything lives: one cache for all checkouts of a user, and a corner in it for each checkout.

<cache>/artefacts/NAME-KEY/      built and downloaded tools, immutable
<cache>/packages/NAME/           unpacked Debian packages
<cache>/apt/                     what Debian has, for a user who may not ask for the whole machine
<cache>/services/NAME/           data, log and process record of a service
<cache>/run/                     sockets; emptied after a reboot
<cache>/projects/NAME-HASH/      what one checkout uses: bin/, pulumi/ and state.json
<cache>/logs/                    build logs
<cache>/lock                     held by whoever changes any of this
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LONGEST_SOCKET_PATH = 107
"""Bytes that a Unix socket's path may have, less the closing zero."""

LONGEST_SOCKET_NAME = len("/engine/exec/containerd/containerd-debug.sock.ttrpc")
"""The longest path below the run folder at which a service puts a socket."""


@dataclass(frozen=True)
class Layout:
    """The folders of one cache, seen from one checkout. Nothing here touches the disk."""

    home: Path
    project: Path
    run: Path

    @classmethod
    def of(cls, project: Path, environment: Mapping[str, str]) -> Layout:
        """The layout for a checkout: MIMIR_TOOLCHAIN_HOME, else the user's cache folder."""
        chosen = environment.get("MIMIR_TOOLCHAIN_HOME")
        if not chosen:
            caches = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
            chosen = str(Path(caches) / "mimir-toolchain")
        home = Path(chosen).expanduser().absolute()
        return cls(home=home, project=project.resolve(), run=_run_folder(home, environment))

    @property
    def artefacts(self) -> Path:
        return self.home / "artefacts"

    @property
    def packages(self) -> Path:
        return self.home / "packages"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def corner(self) -> Path:
        """What belongs to this checkout alone."""
        return self.home / "projects" / f"{self.project.name}-{_short_hash(self.project)}"

    @property
    def bin(self) -> Path:
        """The folder to put on PATH."""
        return self.corner / "bin"

    @property
    def pulumi_home(self) -> Path:
        """What PULUMI_HOME is set to where plugins are ours."""
        return self.corner / "pulumi"

    @property
    def state(self) -> Path:
        return self.corner / "state.json"

    @property
    def venv(self) -> Path:
        return self.project / ".venv"

    def service(self, name: str) -> Path:
        return self.home / "services" / name


def _run_folder(home: Path, environment: Mapping[str, str]) -> Path:
    """`<cache>/run`, or a short path elsewhere when sockets under it would have names too long for the kernel."""
    inside = home / "run"
    if len(os.fsencode(inside)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
        return inside
    base = "/run" if os.geteuid() == 0 else environment.get("XDG_RUNTIME_DIR", "/tmp")
    return Path(base) / f"mimir-toolchain-{_short_hash(home)}"


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
