"""`source.package` is a program, or it is refused before anything is built, with the programs that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.settings import Source
from components.source.main_package import problem
from tests.support.repositories import write

LIBRARY = {"go.mod": "module x\n", "lib.go": "package lib\n"}
COMMANDS = {"cmd/server/main.go": "// Package main serves.\n\npackage main\n", "cmd/tool/main.go": "package main\n"}


def test_a_library_is_refused_with_the_programs_that_there_are(tmp_path: Path) -> None:
    write(tmp_path, {**LIBRARY, **COMMANDS, "vendor/v/main.go": "package main\n", "_x/main.go": "package main\n"})
    found = problem(Source(), tmp_path)
    assert found and found.key == "mimir:source.package"
    assert found.found == '".", the library lib'
    assert found.allowed == "a main package; this source has ./cmd/server, ./cmd/tool"
    assert found.fix == "pulumi config set --path 'mimir:source.package' ./cmd/server"
    assert problem(Source(package="./cmd/server"), tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "package main\n",
        "\ufeffpackage main\n",
        "//go:build linux\n// +build linux\n\n/* package lib\n*/ package main // x\n",
        "/* a */ /* b */\r\npackage main\r\n",
    ],
)
def test_a_program_is_accepted(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"main.go": text, "doc.go": "package documentation\n"})
    assert problem(Source(), tmp_path) is None


@pytest.mark.parametrize(
    ("package", "files", "what"),
    [
        ("./cmd", LIBRARY, "which is not there"),
        ("./cmd", {**LIBRARY, "cmd/readme.txt": ""}, "without Go files"),
        (".", {"main_test.go": "package main\n"}, "without Go files"),
        (".", {"main.go": "// package main\npackage lib\n"}, "the library lib"),
    ],
)
def test_what_is_none_is_named(tmp_path: Path, package: str, files: dict[str, str], what: str) -> None:
    write(tmp_path, files)
    found = problem(Source(package=package), tmp_path)
    assert found and found.found == f'"{package}", {what}' and "none" in found.allowed


def test_many_comments_take_no_time(tmp_path: Path) -> None:
    write(tmp_path, {"main.go": "/* x */ // y\n" * 5000 + "nothing"})
    assert problem(Source(), tmp_path)
