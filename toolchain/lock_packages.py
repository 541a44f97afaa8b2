"""Makes `requirements.lock` of the requirement files, with uv."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from toolchain import pybuild, versions
from toolchain.command import output_of
from toolchain.layout import Layout
from toolchain.problem import Problem
from toolchain.python_lock import COMMAND, LOCK, REQUIREMENT_FILES

OLDEST_PYTHON = "3.11"
UV = pybuild.PythonRecipe("uv", "uv", versions.UV)
HEADER = f"""\
# Made by `{COMMAND}` of {" and ".join(REQUIREMENT_FILES)}; installed with `pip install --require-hashes -r {LOCK}`.
"""


def write(layout: Layout, environment: Mapping[str, str]) -> Path:
    """Write `requirements.lock` again. Locked versions are kept as long as the requirement files allow them.

    Args:
        layout: the checkout.
        environment: the user's variables, for pip and uv.

    Returns:
        Path of the lock file.

    Raises:
        Problem: uv is not available, or finds no compatible set of packages; its own errors go to standard error.
    """
    uv = pybuild.build(UV, layout, environment).programs()[0]
    lock = layout.project / LOCK
    files = [name for name in REQUIREMENT_FILES if (layout.project / name).exists()]
    command = [str(uv), "pip", "compile", "--universal", f"--python-version={OLDEST_PYTHON}", "--generate-hashes"]
    # Not where the packages come from, which is another place on other networks.
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header", "--quiet"]
    command += ["--output-file", LOCK, *files]
    result = subprocess.run(command, cwd=layout.project, env={**environment, **_index(environment)}, check=False)
    if result.returncode != 0:
        raise Problem(f"{LOCK} cannot be made", f"read what uv says above, then {COMMAND}")
    lock.write_text(HEADER + lock.read_text().removeprefix(HEADER))
    return lock


def _index(environment: Mapping[str, str]) -> dict[str, str]:
    """pip's own index and authorities, where it has been told of some: uv reads neither."""
    configured = output_of([sys.executable, "-m", "pip", "config", "get", "global.index-url"], environment=environment)
    values = {
        "UV_DEFAULT_INDEX": environment.get("PIP_INDEX_URL") or configured,
        "SSL_CERT_FILE": environment.get("PIP_CERT", ""),
    }
    return {name: value for name, value in values.items() if value and name not in environment}
