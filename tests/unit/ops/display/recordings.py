"""Recorded events of the real CLI, and what is shown of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from ops.display.display import Display

FOLDER = Path(__file__).parent / "recorded"
NAMES = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
SECRET = "hunter2-in-the-clear"
"""The value of the output `token`, which the CLI's messages for debugging have."""

FAILED = {"failed", "refused", "cancelled"}
PREVIEWED = {"advised", "refused"}


def text(name: str) -> str:
    """The recorded output of the CLI."""
    return (FOLDER / f"{name}.jsonl").read_text()


def shown(
    capsys: pytest.CaptureFixture[str],
    output: str = "",
    error_output: Iterable[str] = (),
    *,
    code: int = 0,
    headings: Iterable[str] = ("Updating",),
) -> tuple[list[str], list[str]]:
    """The lines on standard output and on standard error.

    Args:
        capsys: captures them.
        output: what the CLI writes to its output.
        error_output: the lines that it writes to its error output.
        code: its exit code.
        headings: of what the CLI does.
    """
    display = Display("dev", headings, clock=lambda: 0.0)
    for line in error_output:
        display.error_output(line)
    for line in output.splitlines():
        display.output(line)
    display.end(code)
    captured = capsys.readouterr()
    return captured.out.splitlines(), captured.err.splitlines()


def recorded(capsys: pytest.CaptureFixture[str], name: str) -> tuple[list[str], list[str]]:
    """The lines on standard output and on standard error of a recorded run."""
    headings = ("Previewing", "Updating") if name in PREVIEWED else ("Updating",)
    return shown(capsys, text(name), code=int(name in FAILED), headings=headings)
