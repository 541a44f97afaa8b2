"""Programs to compare with: Debian's, unpacked into the toolchain's cache."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.builder import Unavailable
from toolchain.debian import Debian
from toolchain.layout import Layout
from toolchain.problem import Problem
from toolchain.shared import SharedProgram


def command(package: str, program: str) -> list[str]:
    """The command line of a program in one of Debian's packages, with its libraries.

    Raises:
        Unavailable: this machine is no Debian, or the package cannot be had.
    """
    debian = Debian(Layout.of(Path.cwd(), os.environ), os.environ)
    try:
        return SharedProgram(debian.unpack_whole(package), program).command
    except Problem as problem:
        raise Unavailable(f"{package}: {problem}") from problem
