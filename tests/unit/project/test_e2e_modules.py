"""The end-to-end tests: each module runs by itself, on any cluster, and beside any other one."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.e2e import ports
from tests.support.project import PROJECT

FOLDER = PROJECT / "tests/e2e"
HELPERS = PROJECT / "tests/support/e2e"
MODULES = sorted(FOLDER.glob("test_*.py"))


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def test_no_file_imports_a_test_module() -> None:
    """What several tests use is in tests/support/."""
    files = (PROJECT / "tests").rglob("*.py")
    imports = {str(file.relative_to(PROJECT)): list(imported(file)) for file in files}
    assert {file: names for file, names in imports.items() if any(".test_" in name for name in names)} == {}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_no_module_disturbs_another(module: Path) -> None:
    """They run at the same time: none changes a node, or what belongs to the whole cluster."""
    calls = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    words = {word.value for call in calls for word in call.args if isinstance(word, ast.Constant)}
    assert words.isdisjoint({"drain", "cordon", "taint", "kube-system"})


@pytest.mark.parametrize("file", sorted([*FOLDER.glob("*.py"), *HELPERS.glob("*.py")]), ids=lambda file: file.stem)
def test_no_module_names_the_built_cluster(file: Path) -> None:
    """Where a test needs what only that one has, tests/support/e2e/assumptions.py says so."""
    assert "mimir-test" not in file.read_text().replace("mimir-test-port", "")


CLAIM = """
from tests.support.e2e import ports
ports.PORTS = range({port}, {port} + 1)
print(ports.free_port())
"""


def test_a_port_is_given_to_one_process_only(monkeypatch: pytest.MonkeyPatch) -> None:
    port = ports.free_port()

    def other() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", CLAIM.format(port=port)]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert "no free port" in other().stderr
    monkeypatch.setattr(ports, "PORTS", range(port, port + 1))
    with pytest.raises(AssertionError, match="no free port"):
        ports.free_port()
    ports._claims.pop().close()
    assert other().stdout == f"{port}\n", "a claim ends with whoever has it"
