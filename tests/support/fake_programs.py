"""Programs that only pretend, alone on PATH."""

from __future__ import annotations

from pathlib import Path


def pretend(folder: Path, name: str, answer: str = "", code: int = 0) -> Path:
    """A program `name` in `folder` that notes its arguments in `name.called`, and prints `answer`; its note."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.answer").write_text(answer)
    called = folder / f"{name}.called"
    lines = ("#!/bin/sh", f'printf "%s\\n" "$@" >> {called}', f"/bin/cat {folder}/{name}.answer", f"exit {code}")
    (folder / name).write_text("\n".join(lines) + "\n")
    (folder / name).chmod(0o755)
    return called
