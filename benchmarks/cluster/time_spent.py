"""Where the time goes on the cluster when nothing has changed: of a `pulumi up`, and of `make up` in production."""

from __future__ import annotations

import secrets

from benchmarks.cluster import stacks
from benchmarks.lab import Lab
from benchmarks.no_change import made_up
from benchmarks.phases import Subject, breakdown
from benchmarks.table import Table
from tests.support.e2e.cluster import SHARED

MODULES = "components.kubernetes.deployment, components.image.application_image, components.preflight"


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
