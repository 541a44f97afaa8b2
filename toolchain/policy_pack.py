"""A stand-in that runs the policy pack where the language host is older than the CLI.

The CLI has the language host start a pack, in a way that the host that is built from modules does not know: it would
run the project's program instead. A pack in a language without a host is started in the older way, by a program that is
named after the language. So this makes such a program, and a folder that is the pack in a language of that name: links
to the real one, and a PulumiPolicy.yaml of its own. With the makers' CLI none of this is there.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from toolchain.layout import Layout
from toolchain.problem import ENSURE
from toolchain.report import Row, Source
from toolchain.state import State
from toolchain.tools import LANGUAGE_HOST

NAME = "policy pack"
VARIABLE = "MIMIR_POLICY_PACK"
"""Names the folder of the pack that is to be used (ops/update/policy_packs.py)."""

LANGUAGE = "pypack"
LAUNCHER = f"pulumi-analyzer-policy-{LANGUAGE}"
SCRIPT = '#!/bin/sh\nexec python3 -u -m pulumi.policy "$1" "$2"\n'
PROJECT_FILE = "PulumiPolicy.yaml"
RUNTIME = re.compile(r"^runtime:.*\n(?:[ \t].*\n)*", re.MULTILINE)
WHY = "STAND-IN: the language host is older than the CLI, so packs are started in the older way"


def folder(layout: Layout, state: State) -> Path | None:
    """The folder of the fallback pack; None where the project's own pack works or does not exist."""
    if not state.artefacts.get(LANGUAGE_HOST.name) or not _original(layout).is_dir():
        return None
    return layout.corner / "policy"


def launcher(layout: Layout) -> Path:
    """The folder with the program that starts it, where the CLI looks for plugins of its home."""
    return layout.pulumi_home / "plugins" / f"analyzer-policy-{LANGUAGE}-v1.0.0"


def prepare(layout: Layout, state: State) -> None:
    """Make the stand-in, or remove it where it is not needed.

    Another command of this checkout may be running a pack from here. So what is right already is left alone, and each
    entry is exchanged in one step: at no time is a file missing that was there before and will be there afterwards.
    """
    pack = folder(layout, state)
    if not pack:
        shutil.rmtree(layout.corner / "policy", ignore_errors=True)
        shutil.rmtree(launcher(layout), ignore_errors=True)
        return
    originals = [entry for entry in _original(layout).iterdir() if entry.name != PROJECT_FILE]
    pack.mkdir(parents=True, exist_ok=True)
    for entry in originals:
        _link(pack / entry.name, entry)  # so that an edit of the pack is in effect at once
    project_file = RUNTIME.sub(f"runtime: {LANGUAGE}\n", (_original(layout) / PROJECT_FILE).read_text())
    _write(pack / PROJECT_FILE, project_file, 0o644)
    for stale in {entry.name for entry in pack.iterdir()} - {PROJECT_FILE, *(entry.name for entry in originals)}:
        _remove(pack / stale)
    launcher(layout).mkdir(parents=True, exist_ok=True)
    _write(launcher(layout) / LAUNCHER, SCRIPT, 0o755)


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and path.readlink() == target:
        return
    fresh = _beside(path)
    fresh.symlink_to(target)
    _exchange(fresh, path)


def _write(path: Path, text: str, mode: int) -> None:
    if path.is_file() and not path.is_symlink() and path.read_text() == text and path.stat().st_mode & 0o777 == mode:
        return
    fresh = _beside(path)
    fresh.write_text(text)
    fresh.chmod(mode)
    _exchange(fresh, path)


def _exchange(fresh: Path, path: Path) -> None:
    if path.is_dir() and not path.is_symlink():  # cannot be replaced in one step
        shutil.rmtree(path)
    fresh.replace(path)


def _beside(path: Path) -> Path:
    """A name in the same folder that nothing has: what a killed process has left under it goes."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    return fresh


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def inspect_policy_pack(layout: Layout, state: State) -> list[Row]:
    """The row of the fallback pack; empty where it is not needed."""
    pack = folder(layout, state)
    if not pack:
        return []
    if not (pack / PROJECT_FILE).exists() or not (launcher(layout) / LAUNCHER).exists():
        return [Row(NAME, "", Source.NONE, "its stand-in is not there", ENSURE)]
    return [Row(NAME, "", Source.CACHED, WHY)]


def _original(layout: Layout) -> Path:
    return layout.project / "policy"
