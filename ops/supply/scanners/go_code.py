"""govulncheck in source mode: vulnerabilities that our Go code calls."""

from __future__ import annotations

from pathlib import Path

from ops.supply.scanners import govulncheck
from ops.supply.scanners.finding import Finding
from ops.supply.scanners.vulnerability_database import Database

MODULES = (Path("sample"), Path("container/probe"))


def scan(database: Database) -> list[Finding]:
    """What is vulnerable and called in each module.

    Raises:
        CannotWork: a module cannot be loaded, or govulncheck breaks.
    """
    return [finding for module in MODULES for finding in govulncheck.source(module, database)]
