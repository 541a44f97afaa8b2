"""Checks that `source.package` is a main package: Go builds a library too, into an archive that cannot be run."""

from __future__ import annotations

import re
from pathlib import Path

from components.problems import Problem
from components.settings import Source

CLAUSE = re.compile(r"\A(?:\s|//[^\n]*\n|/\*(?>.*?\*/))*+package\s+(\w+)", re.DOTALL)
"""The package clause, after comments (https://go.dev/ref/spec#Package_clause)."""

LEFT_OUT = ("vendor", "testdata")
"""Folders whose packages Go does not offer by `./...`, besides those that begin with . or _."""

MOST_SHOWN = 10


def problem(source: Source, staged: Path) -> Problem | None:
    """Check that `source.package` is a main package.

    Build constraints are ignored: a package is refused only if it is not a main package under any of them.

    Args:
        source: the settings of the source.
        staged: folder of the staged source.

    Returns:
        The problem; None where it is a main package.
    """
    packages = _packages(staged / source.package)
    if "main" in packages:
        return None
    folders = {file.parent.relative_to(staged) for file in staged.rglob("*.go") if _is_main(file, staged)}
    programs = sorted("." if folder == Path() else f"./{folder}" for folder in folders)
    if packages:
        what = f"the library {', '.join(sorted(packages))}"
    else:
        what = "without Go files" if (staged / source.package).is_dir() else "which is not there"
    rest = f" and {len(programs) - MOST_SHOWN} more" if len(programs) > MOST_SHOWN else ""
    return Problem(
        "mimir:source.package",
        f'"{source.package}", {what}',
        f"a main package; this source has {', '.join(programs[:MOST_SHOWN]) + rest if programs else 'none'}",
        f"pulumi config set --path 'mimir:source.package' {programs[0] if programs else './cmd/server'}",
    )


def _packages(folder: Path) -> set[str]:
    """The names of the packages whose files are in `folder`, tests left out."""
    files = folder.glob("*.go") if folder.is_dir() else ()
    return {name for file in files if not file.name.endswith("_test.go") and (name := _package(file))}


def _package(file: Path) -> str | None:
    try:
        clause = CLAUSE.match(file.read_text(errors="replace").removeprefix("\ufeff"))
    except OSError:
        return None
    return clause[1] if clause else None


def _is_main(file: Path, staged: Path) -> bool:
    folders = file.relative_to(staged).parts[:-1]
    if any(name in LEFT_OUT or name.startswith((".", "_")) for name in folders):
        return False
    return not file.name.endswith("_test.go") and _package(file) == "main"
