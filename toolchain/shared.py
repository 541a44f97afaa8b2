"""Programs of unpacked packages, with the libraries that were unpacked beside them instead of the machine's own."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from toolchain.command import output_of
from toolchain.debian import Package
from toolchain.problem import Problem

LISTED = re.compile(r"^\s+(?P<name>\S+)(?: => (?P<path>\S+))? \(0x")


@dataclass(frozen=True)
class Libraries:
    """What a program is loaded with."""

    interpreter: str
    """The path at which the program itself looks for its loader."""
    loader: Path
    files: tuple[Path, ...]


@dataclass(frozen=True)
class SharedProgram:
    """A program of a package that was unpacked with its libraries."""

    package: Package
    name: str

    @property
    def file(self) -> Path:
        return self.package.program(self.name)

    @property
    def _loader(self) -> Path:
        loader = next(self.package.root.glob("**/*-linux-gnu/ld-linux-*.so.*"), None)
        if loader is None:
            raise Problem(f"{self.package.root} has no loader for {self.name}", "report this as a bug")
        return loader

    @property
    def command(self) -> list[str]:
        """The program's command line, wherever it is run and whatever libraries the machine has."""
        folders = [str(self.package.root / place) for place in ("lib", "usr/lib")]
        triplet = self._loader.parent.name
        path = ":".join(f"{folder}/{triplet}" for folder in folders)
        return [str(self._loader), "--library-path", path, str(self.file)]

    def libraries(self) -> Libraries:
        """Exactly what it needs, by its loader's own account.

        Raises:
            Problem: a library is missing.
        """
        *prefix, program = self.command
        matches = [LISTED.match(line) for line in output_of([*prefix, "--list", program]).splitlines()]
        dependencies = [(match["name"], match["path"] or "") for match in matches if match]
        interpreter = next((name for name, _ in dependencies if name.startswith("/")), "")
        files = [Path(path) for name, path in dependencies if path and not name.startswith("/")]
        strangers = [str(file) for file in files if not file.is_relative_to(self.package.root)]
        if not interpreter or not files or strangers:
            message = f"{self.name} lacks libraries of its own: {', '.join(strangers) or 'they cannot be listed'}"
            raise Problem(message, f"rm -r {self.package.root}, then run the same command again")
        return Libraries(interpreter, self._loader, tuple(sorted(files)))

    def launcher(self) -> Path:
        """A script of the program's name that runs it, to be put on PATH."""
        loader, *rest = self.command
        command = shlex.join([loader, "--argv0", self.name, *rest])
        text = f'#!/bin/sh\nexec {command} "$@"\n'
        file = self.package.root / "launch" / self.name
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            file.chmod(0o755)
        return file
