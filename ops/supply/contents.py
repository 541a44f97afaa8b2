"""What is in an image: Go programs, which say what they are made of, and plain files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ops.supply.tool import CannotWork

ELF = b"\x7fELF"
BUILD_INFO = b"\xff Go buildinf:"
"""With this begins what Go writes into every program about its modules (debug/buildinfo)."""

PACKAGE_DATABASES = ("var/lib/dpkg/", "lib/apk/db/", "var/lib/rpm/", "usr/lib/sysimage/rpm/")


@dataclass(frozen=True)
class Contents:
    """The files of an image by path."""

    programs: Mapping[str, bytes]
    others: Mapping[str, bytes]


def inspect_contents(platform: str, files: Mapping[str, bytes]) -> Contents:
    """Tell the files apart.

    Raises:
        CannotWork: there is something that nobody here could scan: it must not pass for scanned.
    """
    programs = {path: content for path, content in files.items() if content.startswith(ELF) and BUILD_INFO in content}
    if not programs:
        raise CannotWork(f"{platform}: there is no Go program in this image")
    foreign = [path for path, content in files.items() if content.startswith(ELF) and path not in programs]
    packaged = [path for path in files if path.startswith(PACKAGE_DATABASES)]
    if foreign or packaged:
        named = ", ".join(sorted([*foreign, *packaged])[:5])
        raise CannotWork(
            f"{platform}: the image has more than Go programs ({named} …), which this scan does not know. "
            "Build on scratch (mimir:image.baseImage), or scan it with a scanner of packages as well"
        )
    return Contents(programs, {path: content for path, content in files.items() if path not in programs})
