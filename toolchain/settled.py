"""Whether everything is as the last `ensure` left it, so that a command need not look at each tool again.

`ensure` asks every tool for its version, which takes over half a second where nothing is missing. At its end it notes
what it had looked at: this toolchain's own files and the requirements, the user's variables, the programs on PATH, what
lies in the cache, and which service answers what. A command compares, which takes milliseconds. Where anything
differs, `ensure` looks at everything, and so it does once a day: a tool that was out of reach may be in reach again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toolchain import cluster_context
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.python_lock import LOCK, REQUIREMENT_FILES
from toolchain.services import buildx
from toolchain.services.question import Question
from toolchain.state import State

VALID_SECONDS = 24 * 3600.0
OWN_FILES = Path(__file__).parent

PROGRAMS = ("pulumi", "pulumi-language-python", "docker", "docker-buildx", "docker-compose", "go", "kubectl", "haproxy")
RESOURCE_PLUGINS = ("docker-build", "docker", "kubernetes")
CLIENT_PLUGINS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
"""Where Docker's client looks for buildx, besides its own folder."""

VARIABLES = (
    *("PATH", "HOME", "PULUMI_HOME", "KUBECONFIG", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "MIMIR_TOOLCHAIN_HOME"),
    cluster_context.VARIABLE,
)
FAMILIES = ("DOCKER_", "BUILDX_", "BUILDKIT_", "GO")
"""Variables that decide which tools and services are used, and how the names of others begin."""


IN_USE = ".lastused"
"""How the files end that the CLI writes beside a plugin each time that it starts it."""


def note(machine: Machine, groups: Collection[str], questions: Sequence[Question] | None) -> None:
    """Remember that everything of `groups` is there. Call it with the lock held, as the last step of `ensure`.

    Args:
        machine: as `ensure` saw it.
        groups: what was ensured.
        questions: what the services of these groups are asked; None where one cannot be asked in so short a time.
    """
    file = _file(machine.layout, groups)
    if questions is None or not all(question.is_answered() for question in questions):
        file.unlink(missing_ok=True)
        return
    record = {
        "time": time.time(),
        "signature": _signature(machine),
        "questions": [asdict(question) for question in questions],
    }
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps(record, indent=1))
    temporary.replace(file)


def holds(machine: Machine, groups: Collection[str]) -> bool:
    """Whether everything of `groups` is still as `note` recorded it, and no other process is changing it.

    Args:
        machine: this machine and checkout.
        groups: names of groups, as given to `note`.
    """
    try:
        record = json.loads(_file(machine.layout, groups).read_text())
        questions = [Question(**question) for question in record["questions"]]
        age = time.time() - record["time"]
        return (
            0 <= age < VALID_SECONDS
            and _is_idle(machine.layout)
            and record["signature"] == _signature(machine)
            and all(question.is_answered() for question in questions)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _file(layout: Layout, groups: Collection[str]) -> Path:
    return layout.corner / f"settled-{'-'.join(sorted(groups))}.json"


def _is_idle(layout: Layout) -> bool:
    """Whether no toolchain, of whichever checkout, holds the lock of the cache."""
    with layout.lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _signature(machine: Machine) -> str:
    """Changes with everything on this machine that `ensure` looks at."""
    layout, environment = machine.layout, machine.environment
    variables = {name: value for name, value in environment.items() if name in VARIABLES or name.startswith(FAMILIES)}
    names = (*PROGRAMS, *(f"pulumi-resource-{name}" for name in RESOURCE_PLUGINS))
    programs = [path for name in names if (path := machine.which(name))]
    inputs: dict[str, Any] = {
        "project": str(layout.project),
        "user": os.geteuid(),
        "variables": variables,
        "files": {str(file): _stat(file) for file in [*_files(machine), *map(Path, programs)]},
        "names": {str(folder): _names(folder) for folder in _folders(machine)},
        "state": _text(layout.state),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _files(machine: Machine) -> Iterator[Path]:
    """What must be there unchanged."""
    layout = machine.layout
    yield from _below(OWN_FILES)
    for name in (*REQUIREMENT_FILES, LOCK, ".venv/.installed-requirements", ".venv/bin/python"):
        yield layout.project / name
    yield layout.project / "policy" / "PulumiPolicy.yaml"
    yield from _below(layout.bin)
    yield from _below(layout.pulumi_home / "plugins")
    yield from _below(layout.corner / "policy")
    for folder in State.load(layout).artefacts.values():
        if folder:
            yield from _below(Path(folder))
    for records in (buildx.config_folder(machine.environment), layout.service("builder") / "buildx"):
        yield from _below(records / "instances")
    # Whoever starts a service anew, with another toolchain's settings, writes its record.
    yield from sorted((layout.home / "services").glob("*/*.process.json"))


def _folders(machine: Machine) -> Iterator[Path]:
    """Where something may be added or removed."""
    layout, environment = machine.layout, machine.environment
    home = Path(environment.get("HOME") or "~").expanduser()
    yield from (layout.packages, layout.project / "policy", layout.pulumi_home)
    yield Path(environment.get("PULUMI_HOME") or home / ".pulumi") / "plugins"
    docker = Path(environment.get("DOCKER_CONFIG") or home / ".docker")
    yield docker / "cli-plugins"
    yield from (Path(folder) for folder in CLIENT_PLUGINS)


def _below(folder: Path) -> Iterable[Path]:
    """The files in `folder` and its folders, without those that running programs write."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (Path(place, name) for name in sorted(names) if not name.endswith(IN_USE))


def _stat(file: Path) -> tuple[int, int, bool] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, os.access(file, os.X_OK)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.suffix != IN_USE)
    except OSError:
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
