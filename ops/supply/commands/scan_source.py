"""Scan the project for security problems: code, secrets, packages, workflows."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from ops.supply import evidence
from ops.supply.scanners import SCANS, NeedsDatabase, Scan, finding, vulnerability_database, waivers
from ops.supply.scanners.finding import Outcome
from ops.supply.scanners.waivers import Waiver
from ops.supply.tool import CannotWork

NEEDS_STACK = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `scan-source` takes."""
    evidence.add(parser)
    vulnerability_database.add(parser)
    parser.add_argument(
        "--waive",
        action="append",
        default=[],
        choices=list(SCANS),
        help="accept that this scan cannot run (its findings still count); may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run every scan, then tell everything; 1 when one finds something or cannot work."""

    @cache
    def have() -> vulnerability_database.Database:
        return vulnerability_database.find(arguments.max_database_age)

    exceptions = waivers.load()
    with ThreadPoolExecutor() as pool:
        scans = [
            pool.submit(_outcome, name, scan, have, exceptions, name in arguments.waive) for name, scan in SCANS.items()
        ]
        outcomes = [scan.result() for scan in scans]
    worked = [outcome for outcome in outcomes if not outcome.failure]
    all_findings = [entry for outcome in worked for entry in (*outcome.findings, *outcome.excused)]
    left = waivers.stale(all_findings, exceptions, [outcome.name for outcome in worked])
    outcomes.append(Outcome("waivers.yaml", left))
    passes = finding.tell(outcomes)
    document = {"at": evidence.now(), "passes": passes, "scans": [outcome.as_json() for outcome in outcomes]}
    evidence.write(arguments.evidence, "scan-source.json", document)
    return 0 if passes else 1


def _outcome(name: str, scan: Scan, have: NeedsDatabase, exceptions: list[Waiver], waived: bool) -> Outcome:
    used: list[vulnerability_database.Database] = []

    def noted() -> vulnerability_database.Database:
        used.append(have())
        return used[-1]

    try:
        counted, excused = waivers.split(scan(noted), exceptions)
    except CannotWork as error:
        return Outcome(name, failure=str(error), waived=waived)
    except (LookupError, TypeError, ValueError) as error:
        return Outcome(name, failure=f"its answer is not understood: {error!r}", waived=waived)
    return Outcome(name, counted, excused, data=str(used[-1]) if used else "")
