"""`requirements.lock`: every Python package with its version and hashes, for each Python and system that is supported.

The requirement files name what is wanted. The lock is made of them (`toolchain.lock_packages`), and is what `make` and
CI install.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

REQUIREMENT_FILES = ("requirements.txt", "requirements-dev.txt")
LOCK = "requirements.lock"
COMMAND = "make lock"
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


def missing(requirements: Sequence[Path], lock: Path) -> list[str]:
    """Requirements that a lock does not contain in exactly this version.

    Args:
        requirements: the requirement files.
        lock: the lock file.

    Returns:
        Their lines, without comments.
    """
    locked = {(_normal(name), version) for name, version in PIN.findall(lock.read_text())}
    lines = [line.partition("#")[0].strip() for file in requirements for line in file.read_text().splitlines()]
    return [line for line in lines if line and not _is_in(line, locked)]


def _is_in(line: str, locked: set[tuple[str, str]]) -> bool:
    pin = PIN.match(line)
    return pin is not None and (_normal(pin[1]), pin[2]) in locked


def _normal(name: str) -> str:
    """The name by which packages are compared (Python's packaging specification, «Names and normalization»)."""
    return re.sub(r"[-_.]+", "-", name).lower()
