"""Where the time goes on the cluster when nothing has changed: of a `pulumi up`, and of `make up` in production."""

from __future__ import annotations

import secrets

from ops.bench.cluster import stacks
from ops.bench.lab import Lab
from ops.bench.no_change import made_up
from ops.bench.phases import Subject, breakdown
from ops.bench.table import Table
from tests.e2e.cluster import SHARED

MODULES = "components.kubernetes.deployment, components.image, components.preflight"


def measure(lab: Lab, runs: int) -> list[Table]:
    """The phases of a stack, deployed once, and what `make up` adds for one in production."""
    stack = stacks.make(lab, "phases")
    stack.up().ok()
    lab.empty.up().ok()
    title = "On Kubernetes: where the time of a no-change `pulumi up` goes"
    subject = Subject("the sample's stack", stack, MODULES, "outputs")
    phases = breakdown(title, subject, lab.empty, lab.folder, runs)
    production = stacks.make(lab, "production", runtime="production", volumes=dict(SHARED), edge={})
    production.secret("environment.jwtSecret", secrets.token_urlsafe(48))
    production.ops("up").ok()
    return [phases, made_up("On Kubernetes, in production: what `make up` adds", production, runs)]
