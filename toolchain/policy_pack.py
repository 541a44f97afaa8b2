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
"""Names the folder of the pack that is to be used (ops/policy.py)."""

LANGUAGE = "pypack"
LAUNCHER = f"pulumi-analyzer-policy-{LANGUAGE}"
SCRIPT = '#!/bin/sh\nexec python3 -u -m pulumi.policy "$1" "$2"\n'
PROJECT_FILE = "PulumiPolicy.yaml"
RUNTIME = re.compile(r"^runtime:.*\n(?:[ \t].*\n)*", re.MULTILINE)
WHY = "STAND-IN: the language host is older than the CLI, so packs are started in the older way"


def folder(layout: Layout, state: State) -> Path | None:
    """The pack to use; None where the project's own can be, because the language host is not ours."""
    if not state.artefacts.get(LANGUAGE_HOST.name) or not _original(layout).is_dir():
        return None
    return layout.corner / "policy"


def launcher(layout: Layout) -> Path:
    """The folder with the program that starts it, where the CLI looks for plugins of its home."""
    return layout.pulumi_home / "plugins" / f"analyzer-policy-{LANGUAGE}-v1.0.0"


def prepare(layout: Layout, state: State) -> None:
    """Make the stand-in, or remove it where it is not needed."""
    shutil.rmtree(layout.corner / "policy", ignore_errors=True)
    shutil.rmtree(launcher(layout), ignore_errors=True)
    pack = folder(layout, state)
    if not pack:
        return
    pack.mkdir(parents=True)
    for entry in _original(layout).iterdir():
        if entry.name != PROJECT_FILE:
            (pack / entry.name).symlink_to(entry)  # so that an edit of the pack is in effect at once
    described = RUNTIME.sub(f"runtime: {LANGUAGE}\n", (_original(layout) / PROJECT_FILE).read_text())
    (pack / PROJECT_FILE).write_text(described)
    launcher(layout).mkdir(parents=True)
    program = launcher(layout) / LAUNCHER
    program.write_text(SCRIPT)
    program.chmod(0o755)


def look(layout: Layout, state: State) -> list[Row]:
    """The stand-in's row; none where it is not needed."""
    pack = folder(layout, state)
    if not pack:
        return []
    if not (pack / PROJECT_FILE).exists() or not (launcher(layout) / LAUNCHER).exists():
        return [Row(NAME, "", Source.NONE, "its stand-in is not there", ENSURE)]
    return [Row(NAME, "", Source.CACHED, WHY)]


def _original(layout: Layout) -> Path:
    return layout.project / "policy"
