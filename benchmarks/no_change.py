"""`make up` and `pulumi up` where nothing has changed, against `docker compose up -d` of the same container."""

from __future__ import annotations

import subprocess

from benchmarks.compose import Project
from benchmarks.lab import Lab
from benchmarks.measure import alternate
from benchmarks.phases import Subject, breakdown
from benchmarks.table import Table, compare
from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import Stack

COMPOSE = "`docker compose up -d`"
BARE = "`pulumi up --yes --skip-preview`"
MODULES = "components.docker.deployment, components.image.application_image, components.preflight"


def measure(lab: Lab, runs: int) -> list[Table]:
    """The comparisons, and where the time goes."""
    sample, empty = lab.sample, lab.empty
    container = lab.engine.containers.get(sample.outputs()["container"])
    compose = Project(lab.folder / "compose", container, free_port())
    lab.cleanup.callback(compose.remove)
    compose.up()
    times = alternate(
        {
            COMPOSE: compose.up,
            "`pulumi up`, the sample's stack": lambda: sample.up("--expect-no-changes").ok(),
            "`pulumi up --refresh`, the sample's stack (what `make refresh` runs)": lambda: sample.up("--refresh").ok(),
            "`pulumi up`, an empty program": lambda: empty.up().ok(),
        },
        runs,
    )
    compared = compare("Nothing has changed", times, COMPOSE)
    title = "Where the time of a no-change `pulumi up` goes"
    subject = Subject("the sample's stack", sample, MODULES, "proof of the running container, outputs")
    made = made_up("Nothing has changed: what `make up` adds", sample, runs)
    return [compared, made, breakdown(title, subject, empty, lab.folder, runs)]


def made_up(title: str, stack: Stack, runs: int) -> Table:
    """`make up` against the CLI alone: tools, policies, the record of the deployment, and for production a preview.

    Args:
        title: of the table.
        stack: deployed, in a copy of the project.
        runs: how often each is timed.
    """
    bare = ("up", "--yes", "--skip-preview", "--suppress-progress", "--stack", stack.name)
    times = alternate({BARE: lambda: stack.pulumi(*bare).ok(), "`make up`": lambda: make_up(stack)}, runs)
    return compare(title, times, BARE)


def make_up(stack: Stack) -> None:
    """What a user types.

    Raises:
        CalledProcessError: it fails.
    """
    command = ["make", "up", f"STACK={stack.name}"]
    subprocess.run(command, cwd=stack.folder, env=stack.environment(), capture_output=True, check=True)
