"""Asks a tool, and takes its answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from typing import Any, NoReturn

import pytest

LIMIT_SECONDS = 300.0
OBJECTS = 1
"""Status with which all of them end when they object to something."""

TAIL = 2000
"""Characters that are quoted of a tool that breaks: what counts stands at the end."""


def answer(argv: Sequence[str], *, stdin: Any = None) -> Any:
    """The JSON that the tool prints; it gets `stdin` as JSON."""
    said = text(argv, stdin=None if stdin is None else json.dumps(stdin))
    try:
        return json.loads(said)
    except ValueError as error:
        _broke(argv, f"printed no JSON ({error}):\n{said[-TAIL:]}")


def text(argv: Sequence[str], *, stdin: str | None = None) -> str:
    """What the tool prints. It runs in an empty home, where no settings of a person change its mind."""
    program = shutil.which(argv[0])
    if not program:
        _broke(argv, "is not there; run: make audit")
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [program, *argv[1:]],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            cwd=home,
            env={"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"},
            check=False,
        )
    if done.returncode not in (0, OBJECTS):
        _broke(argv, f"ended with status {done.returncode}:\n{done.stdout[-TAIL:]}\n{done.stderr[-TAIL:]}")
    return done.stdout


def _broke(argv: Sequence[str], how: str) -> NoReturn:
    """The tool is to blame, or is missing: no trace of ours helps."""
    pytest.fail(f"{argv[0]} {how}\n\nthe command: {' '.join(argv)}", pytrace=False)
