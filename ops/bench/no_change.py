"""`pulumi up` where nothing has changed, against `docker compose up -d` of the same container."""

from __future__ import annotations

from ops.bench.compose import Project
from ops.bench.lab import Lab
from ops.bench.measure import alternate
from ops.bench.phases import Subject, breakdown
from ops.bench.table import Table, compare
from tests.e2e.ports import free_port

COMPOSE = "`docker compose up -d`"
MODULES = "components.docker.deployment, components.image, components.preflight"


def measure(lab: Lab, runs: int) -> list[Table]:
    """The comparison, and where the time goes."""
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
    return [compared, breakdown(title, subject, empty, lab.folder, runs)]
