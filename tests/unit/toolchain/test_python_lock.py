"""Only what is locked, with its hashes, is installed; and the project's lock is of its requirement files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.project import PROJECT
from toolchain import lock_packages, python_lock, virtualenv
from toolchain.layout import Layout
from toolchain.problem import Problem

LOCKED = "typing_extensions==4.1 \\\n    --hash=x\nrequests==2.0 ; python_version < '3.12' \\\n    --hash=x\n"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / python_lock.LOCK).write_text(LOCKED)
    return Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What is run, none of which does anything."""
    asked: list[list[str]] = []

    def run(argv: list[str], *_: object, **__: object) -> None:
        Path(argv[0]).parent.mkdir(parents=True, exist_ok=True)
        asked.append(argv)

    monkeypatch.setattr(virtualenv, "run_logged", run)
    return asked


@pytest.mark.parametrize(
    ("requirements", "missing"),
    [
        ("# a comment\n\nTyping.Extensions==4.1  # why\n", []),
        ('requests==2.0 ; python_version < "3.12"\n', []),
        ("requests==2.1\n", ["requests==2.1"]),
        ("s3fs\n", ["s3fs"]),
        ("requests>=2\ntyping-extensions==4.1\n", ["requests>=2"]),
    ],
)
def test_what_a_lock_does_not_have(requirements: str, missing: list[str], layout: Layout) -> None:
    file = layout.project / "requirements.txt"
    file.write_text(requirements)
    assert python_lock.missing([file], layout.project / python_lock.LOCK) == missing


def test_pip_is_told_to_accept_only_what_the_lock_has(layout: Layout, commands: list[list[str]]) -> None:
    (layout.project / "requirements.txt").write_text("requests==2.0\n")
    (layout.venv / "bin").mkdir(parents=True)
    virtualenv.ensure(layout, {})
    [pip] = [argv[2:] for argv in commands if argv[1:3] == ["-m", "pip"]]
    assert pip == ["pip", "install", "--require-hashes", "-r", str(layout.project / python_lock.LOCK)]


@pytest.mark.parametrize("locked", [True, False])
def test_nothing_is_installed_that_is_not_locked(layout: Layout, commands: list[list[str]], locked: bool) -> None:
    (layout.project / "requirements.txt").write_text("requests==2.0\ns3fs==1.0\n")
    if not locked:
        (layout.project / python_lock.LOCK).unlink()
    with pytest.raises(Problem) as caught:
        virtualenv.ensure(layout, {})
    assert ("s3fs==1.0" if locked else "there is no requirements.lock") in caught.value.what
    assert caught.value.fix == "make lock" and commands == []


def test_a_new_lock_is_installed(layout: Layout, commands: list[list[str]]) -> None:
    (layout.project / "requirements.txt").write_text("requests==2.0\n")
    virtualenv.ensure(layout, {})
    python = layout.venv / "bin/python"
    python.write_text("#!/bin/sh\necho 3.11.7\n")
    python.chmod(0o755)
    assert virtualenv.inspect_virtualenv(layout).ok
    (layout.project / python_lock.LOCK).write_text(LOCKED + "six==1.0\n")
    assert not virtualenv.inspect_virtualenv(layout).ok


class TestOfThisProject:
    """The committed lock."""

    LOCK = PROJECT / python_lock.LOCK
    ENTRIES = re.split(r"\n(?=[A-Za-z0-9])", LOCK.read_text())[1:]

    def test_it_has_every_requirement(self) -> None:
        files = [PROJECT / name for name in python_lock.REQUIREMENT_FILES]
        assert python_lock.missing(files, self.LOCK) == []

    def test_everything_is_one_version_with_a_hash(self) -> None:
        assert len(self.ENTRIES) > 60
        for entry in self.ENTRIES:
            assert python_lock.PIN.match(entry), entry
            assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", entry)) >= 1, entry

    def test_it_does_not_say_where_packages_come_from(self) -> None:
        text = self.LOCK.read_text()
        assert text.startswith(lock_packages.HEADER) and "://" not in text and "index" not in text

    def test_the_requirements_are_pinned(self) -> None:
        lines = [line for name in python_lock.REQUIREMENT_FILES for line in (PROJECT / name).read_text().splitlines()]
        assert [line for line in lines if line and line[0] != "#" and not python_lock.PIN.match(line)] == []
