"""Asks govulncheck, which knows Go's vulnerabilities and what of a vulnerable package is used."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ops.supply.scanners.finding import Finding
from ops.supply.scanners.vulnerability_database import Database
from ops.supply.tool import CannotWork, run
from toolchain import versions

NAME = "govulncheck"
SPACE = re.compile(r"\s*")


def binary(file: Path, where: str, database: Database) -> list[Finding]:
    """What is vulnerable in a program.

    Ours have no symbol table, so whatever a module or the standard library has counts, used or not.

    Raises:
        CannotWork: it is no Go program, or govulncheck breaks.
    """
    return _findings(["-mode", "binary", "-db", database.url, "-format", "json", str(file)], where, database)


def source(folder: Path, database: Database) -> list[Finding]:
    """What is vulnerable, and called, in the Go module at `folder`, compiled with the Go that builds the image.

    Raises:
        CannotWork: the module cannot be loaded, or govulncheck breaks.
    """
    arguments = ["-C", str(folder), "-db", database.url, "-format", "json", "./..."]
    return _findings(arguments, str(folder), database, {"GOTOOLCHAIN": f"go{versions.GO_BASE_IMAGE}"})


def _findings(
    arguments: Sequence[str], where: str, database: Database, environment: Mapping[str, str] | None = None
) -> list[Finding]:
    messages = list(_messages(run([NAME, *arguments], environment={"GOFLAGS": "", **(environment or {})})))
    if not any("SBOM" in message for message in messages):
        raise CannotWork(f"{NAME} did not say what it has looked at in {where}")
    about = {message["osv"]["id"]: message["osv"] for message in messages if "osv" in message}
    findings = {}
    for message in messages:
        finding = message.get("finding")
        # A trace that begins with a function is code that is in the program; the others are only in its modules.
        if finding and finding["trace"][0].get("function"):
            findings[finding["osv"]] = finding
    return [_finding(where, entry, about.get(identifier, {})) for identifier, entry in sorted(findings.items())]


def _finding(where: str, finding: Mapping[str, Any], about: Mapping[str, Any]) -> Finding:
    place = finding["trace"][0]
    module, version = place["module"], place.get("version", "")
    fixed = finding.get("fixed_version")
    summary = about.get("summary", "no summary")
    aliases = ", ".join(about.get("aliases", []))
    return Finding(
        NAME,
        finding["osv"],
        where,
        f"{summary} ({aliases or 'no alias'}), in {module} {version}",
        f"{module} {fixed}" if fixed else "there is no fixed version",
    )


def _messages(text: str) -> Iterator[dict[str, Any]]:
    """govulncheck prints JSON objects one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while (start := SPACE.match(text, at)) and start.end() < len(text):
        try:
            message, at = decoder.raw_decode(text, start.end())
        except ValueError as error:
            raise CannotWork(f"{NAME} printed no JSON: {error}") from error
        yield message
