"""How the end-to-end tests are shared among pytest-xdist's workers: by the real pytest, on modules that do nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import PROJECT

CONFTEST = """
from pathlib import Path
from tests.support.e2e.balance import Balance

def pytest_configure(config):
    config.pluginmanager.register(Balance(config, Path(__file__).parent), "balance")
"""
CACHE = ".pytest_cache/v/mimir/seconds-of-tests"

MODULES = {"one": 3, "two": 3, "drains": 4, "long": 5, "scales": 4}
"""How many tests each has."""

DISTURB = ("drains", "scales")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    for name, count in MODULES.items():
        mark = 'import pytest\npytestmark = pytest.mark.xdist_group("cluster")\n' if name in DISTURB else ""
        tests = "".join(f"def test_{number}(): pass\n" for number in range(count))
        (tmp_path / f"test_{name}.py").write_text(mark + tests)
    return tmp_path


def run(folder: Path, *arguments: str, workers: int = 2, code: int = 0) -> dict[str, list[str]]:
    """What each worker has run, in order."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:hypothesispytest", "--numprocesses", str(workers), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, list[str]] = {}
    for worker, test in re.findall(r"\[(gw\d)\] \[ *\d+%\] \w+ test_(\S+)", done.stdout):
        found.setdefault(worker, []).append(test.replace(".py::test_", " "))
    return found


def measured(folder: Path, **seconds: float) -> None:
    """An earlier run, in which each test of a module took so long."""
    tests = {
        f"test_{name}.py::test_{number}": each for name, each in seconds.items() for number in range(MODULES[name])
    }
    (folder / CACHE).parent.mkdir(parents=True)
    (folder / CACHE).write_text(json.dumps(tests))


def whole(*names: str) -> list[str]:
    """All tests of these modules, in order."""
    return [f"{name} {number}" for name in names for number in range(MODULES[name])]


def test_the_longest_begins_and_a_new_module_counts_like_the_average(folder: Path) -> None:
    measured(folder, two=100, drains=1, scales=1, long=1)
    [tests] = run(folder, workers=1).values()
    assert tests == whole("two", "one", "drains", "scales", "long")


def test_without_an_earlier_run_the_number_of_tests_counts(folder: Path) -> None:
    [tests] = run(folder, workers=1).values()
    assert tests == whole("drains", "scales", "long", "one", "two")


def test_modules_stay_whole_and_those_that_disturb_each_other_take_turns(folder: Path) -> None:
    """The two would begin at once, each being longer than any other."""
    measured(folder, drains=50, scales=50, long=1, one=1, two=1)
    shared = run(folder)
    assert len(shared) == 2
    assert sorted(test for tests in shared.values() for test in tests) == sorted(whole(*MODULES))
    for tests in shared.values():
        assert tests == whole(*dict.fromkeys(test.split()[0] for test in tests))
    assert {tests[0] for tests in shared.values()} == {"drains 0", "long 0"}
    [disturbing] = [tests for tests in shared.values() if "drains 0" in tests]
    assert disturbing[:8] == whole("drains", "scales")


def test_a_run_notes_what_its_tests_took_and_keeps_the_rest(folder: Path) -> None:
    run(folder, "test_one.py", workers=0)
    run(folder, "test_two.py", workers=1)
    noted = json.loads((folder / CACHE).read_text())
    assert set(noted) == {f"test_{name}.py::test_{number}" for name in ("one", "two") for number in range(3)}
    assert all(seconds >= 0 for seconds in noted.values())


def test_a_failure_fails_the_run_and_nothing_has_to_be_kept(folder: Path) -> None:
    (folder / "test_fails.py").write_text("def test_0(): assert False\n")
    run(folder, "test_fails.py", "-p", "no:cacheprovider", workers=1, code=1)
