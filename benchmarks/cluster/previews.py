"""What would change: `pulumi preview` against helm's dry run and `kubectl diff`."""

from __future__ import annotations

from functools import partial

from benchmarks.cluster.contestants import HELM, KUBECTL, PULUMI, field
from benchmarks.lab import Lab
from benchmarks.measure import alternate
from benchmarks.table import Table, compare

COMMANDS = {HELM: "`helm upgrade --dry-run=server`", KUBECTL: "`kubectl diff`", PULUMI: "`pulumi preview`"}
STATES = {"deployed": "nothing has changed", "another": "one variable has changed"}


def measure(lab: Lab, runs: int) -> list[Table]:
    """Of a deployment of each of the three, without and with a change."""
    cases = field(lab).cases
    for case in cases.values():
        case.deploy("deployed")
    tables = []
    for value, title in STATES.items():
        times = alternate({COMMANDS[name]: partial(case.preview, value) for name, case in cases.items()}, runs)
        tables.append(compare(f"On Kubernetes, a preview: {title}", times, COMMANDS[HELM]))
    return tables
