"""Scan a built image for known vulnerabilities."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from ops.supply import contents, evidence, image
from ops.supply.layout import Layout, PlatformImage
from ops.supply.scanners import finding, govulncheck, vulnerability_database, waivers
from ops.supply.scanners.finding import Finding, Outcome
from ops.supply.scanners.vulnerability_database import Database
from ops.supply.tool import CannotWork

NEEDS_STACK = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `scan-image` takes."""
    image.add(parser)
    evidence.add(parser)
    vulnerability_database.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Scan the Go programs of every platform; 1 when something is found or cannot be scanned."""
    document = {"at": evidence.now(), "image": arguments.ref or str(arguments.layout)}
    try:
        database = vulnerability_database.find(arguments.max_database_age)
        exceptions = waivers.load()
        with image.opened(arguments) as layout:
            document["digest"] = layout.digest
            outcomes = []
            for platform_image in layout.images():
                counted, excused = waivers.split(_findings(layout, platform_image, database), exceptions)
                outcomes.append(
                    Outcome(f"{platform_image.platform} {platform_image.digest}", counted, excused, str(database))
                )
    except CannotWork as error:
        outcomes = [Outcome("scan", failure=str(error))]
    passes = finding.tell(outcomes)
    scans = [outcome.as_json() for outcome in outcomes]
    evidence.write(arguments.evidence, "scan-image.json", {**document, "passes": passes, "scans": scans})
    return 0 if passes else 1


def _findings(layout: Layout, image: PlatformImage, database: Database) -> list[Finding]:
    programs = contents.inspect_contents(image.platform, layout.files(image)).programs
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory() as scratch:
        for path, content in programs.items():
            file = Path(scratch) / "program"
            file.write_bytes(content)
            file.chmod(0o755)
            findings += govulncheck.binary(file, f"{image.platform} /{path}", database)
    return findings
