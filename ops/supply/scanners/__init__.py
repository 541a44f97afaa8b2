"""The scans of the source, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ops.supply.scanners import go_code, python_code, python_packages, secrets, workflows
from ops.supply.scanners.finding import Finding
from ops.supply.scanners.vulnerability_database import Database

NeedsDatabase = Callable[[], Database]
Scan = Callable[[NeedsDatabase], list[Finding]]
"""A scan: what it finds, given a way to have the database of Go's vulnerabilities. May raise CannotWork."""

SCANS: Mapping[str, Scan] = {
    "bandit": lambda _: python_code.scan(),
    "detect-secrets": lambda _: secrets.scan(),
    "pip-audit": lambda _: python_packages.scan(),
    "govulncheck": lambda database: go_code.scan(database()),
    "actionlint": lambda _: workflows.actionlint(),
    "zizmor": lambda _: workflows.zizmor(),
}
