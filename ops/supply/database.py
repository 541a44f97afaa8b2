"""What is known of vulnerabilities in Go: which database is used, how old it is, and why there is none."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ops.supply.tool import CannotWork, run

OFFICIAL = "https://vuln.go.dev"
MODULE = "golang.org/x/vulndb"
VARIABLE = "GOVULNDB"
"""Go's own variable: where govulncheck takes the database from."""

PROBE_SECONDS = 10.0
DOWNLOAD_SECONDS = 300.0
MAX_AGE_DAYS = 45
"""The database changes every few days; one that is older than this says nothing of this month's vulnerabilities."""


@dataclass(frozen=True)
class Database:
    """A database of vulnerabilities.

    Attributes:
        url: what govulncheck is told.
        modified: when it last changed.
        source: whose it is, for people.
    """

    url: str
    modified: datetime
    source: str

    def __str__(self) -> str:
        return f"{self.source}, of {self.modified:%Y-%m-%d}"


def add(parser: argparse.ArgumentParser) -> None:
    """Let a command say how old the database may be."""
    parser.add_argument(
        "--max-database-age",
        type=int,
        default=MAX_AGE_DAYS,
        metavar="DAYS",
        help=f"oldest database of Go's vulnerabilities that is believed; {MAX_AGE_DAYS} if left out",
    )


def find(max_age_days: int, now: datetime | None = None) -> Database:
    """The database that GOVULNDB names; else Go's own; else its source, which the Go module proxy has too.

    Raises:
        CannotWork: none of them can be had, or the one that can is too old.
    """
    if named := os.environ.get(VARIABLE):
        database = Database(named, _modified(named), f"the database at {named} ({VARIABLE})")
    else:
        database = _official_or_module()
    age = ((now or datetime.now(UTC)) - database.modified).days
    if age > max_age_days:
        raise CannotWork(
            f"Go's vulnerability database is {age} days old, and at most {max_age_days} are believed: {database}. "
            f"Let this machine reach {OFFICIAL}, or a newer {MODULE} through its Go module proxy (GOPROXY), or name a "
            f"newer copy in {VARIABLE} (https:// or file://); to go on with this one: --max-database-age {age}"
        )
    return database


def _official_or_module() -> Database:
    try:
        return Database(OFFICIAL, _modified(OFFICIAL), f"the Go vulnerability database at {OFFICIAL}")
    except CannotWork as error:
        official = error
    try:
        return _module()
    except CannotWork as error:
        raise CannotWork(
            f"Go's vulnerability database cannot be had. {official}. From its source, module {MODULE}: {error}. "
            f"Let this machine reach one of them, or name a copy in {VARIABLE} (https:// or file://)"
        ) from error


def _modified(url: str) -> datetime:
    """When the database at `url` last changed (https://go.dev/security/vuln/database, `index/db.json`)."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/index/db.json", timeout=PROBE_SECONDS) as answer:
            return datetime.fromisoformat(json.load(answer)["modified"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise CannotWork(f"{url}/index/db.json does not say how old the database is: {reason}") from error


def _module() -> Database:
    """The newest source of the database that the module proxy has; Go checks it against the checksum database."""
    environment = {"GOFLAGS": "", "GOWORK": "off", "GIT_TERMINAL_PROMPT": "0"}
    with tempfile.TemporaryDirectory() as scratch:

        def go(*arguments: str) -> dict[str, str]:
            said = run(["go", *arguments], environment=environment, folder=Path(scratch), seconds=DOWNLOAD_SECONDS)
            return dict(json.loads(said))

        newest = go("list", "-m", "-json", f"{MODULE}@latest")
        folder = Path(go("mod", "download", "-json", f"{MODULE}@{newest['Version']}")["Dir"])
    # A folder of reports: govulncheck makes the index itself.
    reports = folder / "data/osv"
    if not any(reports.glob("GO-*.json")):
        raise CannotWork(f"{MODULE} {newest['Version']} has no reports in data/osv")
    modified = datetime.fromisoformat(newest["Time"])
    return Database(reports.as_uri(), modified, f"module {MODULE} {newest['Version']}")
