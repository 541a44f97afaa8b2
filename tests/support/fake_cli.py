"""A project with one stack and a CLI that notes how it is called, for what runs the CLI itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest


def project(folder: Path, monkeypatch: pytest.MonkeyPatch, cli: str, without: Iterable[str]) -> Path:
    """Make `folder` a project and the current folder.

    Args:
        folder: where.
        monkeypatch: undoes it.
        cli: the script that `pulumi` is.
        without: environment variables that are taken away.
    """
    for name in without:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    (folder / "bin").mkdir()
    (folder / "bin/pulumi").write_text(cli)
    (folder / "bin/pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}/bin:/usr/bin:/bin")
    Path("Pulumi.yaml").write_text("name: mimir\nbackend:\n  url: file://.\n")
    Path("Pulumi.dev.yaml").write_text("config: {}\n")
    return folder


def called() -> list[str]:
    """The arguments of the last call of the CLI."""
    return Path("called").read_text().splitlines()
