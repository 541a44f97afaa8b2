"""Runs external tools."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from components.image.attestations import ToolError
from ops.stack.stack_error import StackError

T = TypeVar("T", dict[str, Any], list[Any])
ENSURE = "python3 -m toolchain ensure --group supply"
LIMIT_SECONDS = 900.0
TAIL = 2000
"""Characters of a failed tool's output that are quoted, from its end, where the cause is."""


class CannotWork(StackError, ToolError):
    """A tool, or data that it needs, cannot be had; the message says which, why, and what to do."""


def answer(argv: Sequence[str], kind: type[T], *, accepted: Sequence[int] = (0,)) -> T:
    """The JSON that a tool prints, which has to be an object (dict) or a list.

    Raises:
        CannotWork: it is not there, breaks, or prints something else.
    """
    text = run(argv, accepted=accepted)
    try:
        document = json.loads(text)
    except ValueError as error:
        raise CannotWork(f"{argv[0]} printed no JSON ({error}): {text[-TAIL:].strip() or 'nothing'}") from error
    if not isinstance(document, kind):
        raise CannotWork(f"{argv[0]} printed another kind of JSON than it documents")
    return document


def run(
    argv: Sequence[str],
    *,
    accepted: Sequence[int] = (0,),
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    seconds: float = LIMIT_SECONDS,
) -> str:
    """What a tool prints; it is never asked anything.

    Args:
        argv: its name and arguments.
        accepted: the exit codes that are an answer.
        environment: variables to set for it.
        folder: where it runs; here, if it is left out.
        seconds: how long it may take.

    Raises:
        CannotWork: it is not there, takes too long, or ends with another exit code.
    """
    program = shutil.which(argv[0])
    if not program:
        raise CannotWork(f"{argv[0]} is not there; run: {ENSURE}")
    try:
        done = subprocess.run(
            [program, *argv[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotWork(f"{argv[0]}: no answer in {seconds:.0f} s") from error
    if done.returncode not in accepted:
        output = (done.stderr.strip() or done.stdout.strip())[-TAIL:]
        raise CannotWork(f"{argv[0]} ended with status {done.returncode}: {output}")
    return done.stdout
