"""Where the time of a `pulumi up` on the cluster goes when nothing has changed."""

from __future__ import annotations

from ops.bench.cluster import stacks
from ops.bench.lab import Lab
from ops.bench.phases import Subject, breakdown
from ops.bench.table import Table

MODULES = "components.kubernetes.deployment, components.image, components.preflight"


def measure(lab: Lab, runs: int) -> list[Table]:
    """The phases of a stack, deployed once."""
    stack = stacks.make(lab, "phases")
    stack.up().ok()
    lab.empty.up().ok()
    title = "On Kubernetes: where the time of a no-change `pulumi up` goes"
    subject = Subject("the sample's stack", stack, MODULES, "outputs")
    return [breakdown(title, subject, lab.empty, lab.folder, runs)]
