"""Debian's suites, each read with apt lists and a cache of its own.

A newer suite has a current Docker engine, HAProxy and cosign; an older one has the oldest engine that is supported. The
machine's own apt settings, lists and packages stay as they are: what is downloaded is only unpacked into the cache.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from toolchain.layout import Layout

NEWER = "sid"
"""Where current programs come from. It moves, so callers ask for a version «or newer»."""

OLDER = "bookworm"
"""Where the oldest supported Docker engine comes from."""

RELEASE = Path("/etc/os-release")
SOURCES = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# Packages are only downloaded: neither descriptions nor translations are of use, and nobody else reads these folders.
SETTINGS = """\
Dir::State::Lists "{root}/lists";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{root}/sources";
Dir::Cache "{root}/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
"""


def is_debian() -> bool:
    """Whether this machine is a Debian with the keys of Debian's archive, which is what another suite needs."""
    return _release().get("ID") == "debian" and KEYRING.is_file() and bool(mirror())


def newer() -> str:
    """The suite of current programs: `NEWER` on Debian, elsewhere an empty string, the machine's own."""
    return NEWER if is_debian() else ""


def at_least(version: str) -> str:
    """`version` where the suite of current programs is used; nothing where the machine's own has what it has."""
    return version if newer() else ""


def older() -> str:
    """The suite of the oldest supported engine; an empty string where that is the machine's own, or cannot be had."""
    return OLDER if is_debian() and _release().get("VERSION_CODENAME") != OLDER else ""


def environment(suite: str, layout: Layout, base: Mapping[str, str]) -> Mapping[str, str]:
    """The environment in which apt reads `suite`; `base` unchanged for an empty one, the machine's own.

    Args:
        suite: a suite's name, such as `sid`.
        layout: the cache, in which the suite's lists are kept.
        base: the user's environment.
    """
    if not suite:
        return base
    root = layout.home / "suites" / suite
    for folder in ("lists/partial", "cache/archives/partial", "sources"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    _write(root / "sources" / f"{suite}.list", f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n")
    _write(root / "apt.conf", SETTINGS.format(root=root))
    return {**base, "APT_CONFIG": str(root / "apt.conf")}


def mirror() -> str:
    """The mirror that this machine's apt uses for packages; an empty string where none can be read."""
    for file in sorted((SOURCES / "sources.list.d").glob("*.sources")):
        if uris := re.search(r"^URIs:\s*(\S+)", file.read_text(), re.MULTILINE):
            return uris[1]
    for file in [SOURCES / "sources.list", *sorted((SOURCES / "sources.list.d").glob("*.list"))]:
        if file.is_file() and (line := re.search(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)", file.read_text(), re.MULTILINE)):
            return line[1]
    return ""


def _release() -> dict[str, str]:
    """What the system says of itself (os-release(5))."""
    try:
        lines = RELEASE.read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}


def _write(file: Path, text: str) -> None:
    """Another process may be reading the file: it is replaced as a whole, and only when it differs."""
    if file.is_file() and file.read_text() == text:
        return
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_text(text)
    fresh.replace(file)
