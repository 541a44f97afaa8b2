"""Run the whole pipeline on this machine: from the last commit to the same digest on staging and production."""

from __future__ import annotations

import argparse
import getpass
import shlex
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from components.source.source import GitError, git
from ops.pipeline import stacks, summary
from ops.pipeline.run import Run
from ops.pipeline.steps import STEPS, Step
from ops.pipeline.workspace import PipelineWorkspace
from ops.stack.stack_error import StackError
from ops.supply.layout import Layout
from ops.supply.scanners import vulnerability_database
from ops.supply.tool import CannotWork

NEEDS_STACK = False
INSIDE = "RUN="
"""For `make`: the tools are there already."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `pipeline` takes."""
    parser.add_argument(
        "--evidence",
        type=Path,
        default=Path(".build/pipeline"),
        metavar="DIR",
        help="folder for the runs and their evidence",
    )
    parser.add_argument("--source", default="", help="source to build (default: ./sample of the commit)")
    parser.add_argument("--waive", action="append", default=[], metavar="SCAN", help="passed on to scan-source")
    vulnerability_database.add(parser)
    parser.add_argument(
        "--tests", default="", metavar="COMMAND", help="test command (default: all unit tests and lints)"
    )
    parser.add_argument("--approve", action="store_true", help="deploy to production without confirmation")
    parser.add_argument("--name", default="pipeline", help="prefix of the stacks' names")
    parser.add_argument("--port", type=int, default=18443, help="port of staging on this machine")
    parser.add_argument("--remove", action="store_true", help="remove the stacks with their data, and run nothing")


def run(arguments: argparse.Namespace) -> int:
    """Run every step, or remove what earlier runs have deployed."""
    root = arguments.evidence.absolute()
    place = PipelineWorkspace(root, arguments.name, arguments.port)
    if arguments.remove:
        return stacks.remove(place)
    try:
        commit = git("rev-parse", "HEAD").decode().strip()
        dirty = bool(git("status", "--porcelain"))
    except GitError as error:
        raise StackError(f"the pipeline starts from a commit ({error})") from error
    if dirty:
        print("What is not committed is not in this run.", file=sys.stderr)
    began = datetime.now(UTC)
    going = _prepared(arguments, place, root / f"{began:%Y%m%dT%H%M%SZ}-{commit[:12]}")
    going.all_of(_steps(arguments.tests))
    about = {
        "commit": commit,
        "started": began.isoformat(timespec="seconds"),
        "stacks": {"staging": place.staging, "production": place.production},
        "waived": arguments.waive,
        "other_tests": arguments.tests or None,
    }
    summary.write(going, about)
    return _told(going, place, summary.table(going, about))


def _steps(tests: str) -> list[Step]:
    """The steps, with other tests if somebody wants them."""
    return [
        replace(step, command=tuple(shlex.split(tests))) if tests and step.name == "test" else step for step in STEPS
    ]


def _prepared(arguments: argparse.Namespace, place: PipelineWorkspace, folder: Path) -> Run:
    folder.mkdir(parents=True)
    source = arguments.source
    if source and Path(source).is_dir():
        source = str(Path(source).absolute())
    values = {
        "origin": str(Path().absolute()),
        "checkout": str(folder / "checkout"),
        "layout": str(folder / "layout"),
        "attestations": str(folder / "evidence/image"),
        "repository": place.repository,
        "staging": place.staging,
        "production": place.production,
    }

    believed = ["--max-database-age", str(arguments.max_database_age)]

    def tested() -> str:  # not before: what is scanned and tested is the commit, and nothing beside it
        stacks.write(place, folder / "checkout")
        place.make_key()
        return ""

    def built() -> str:
        values["digest"] = digest_of(folder / "layout")
        values["ref"] = f"{place.repository}@{values['digest']}"
        return values["digest"]

    def approved() -> str:
        return _approval(arguments.approve, values["digest"])

    return Run(
        folder,
        values,
        more={
            "scan-source": [*believed, *(word for scan in arguments.waive for word in ("--waive", scan))],
            "scan-image": believed,
            "test": [] if arguments.tests else [INSIDE],
            "build": ["--source", source] if source else [],
            "attest": ["--key", str(place.key)],
            "verify-image": ["--key", str(place.key.with_suffix(".pub"))],
        },
        assignments=place.assignments(),
        environment=place.environment(),
        after={"test": tested, "build": built},
        instead={"approve": approved},
    )


def digest_of(layout: Path) -> str:
    """The digest of what is in a layout.

    Raises:
        StackError: when that is not one image.
    """
    try:
        return Layout.open(layout).digest
    except CannotWork as error:
        raise StackError(str(error)) from error


def _approval(given: bool, digest: str) -> str:
    """Who has approved the digest for production.

    Raises:
        StackError: when nobody has.
    """
    who = getpass.getuser()
    if given:
        return f"approved by {who}, who started it with --approve"
    if sys.stdin.isatty() and input(f"Deploy {digest} to production? [y/N] ").strip().lower() in ("y", "yes"):
        return f"approved by {who}"
    raise StackError("nobody has approved it for production: --approve, or a yes in a terminal")


def _told(run: Run, place: PipelineWorkspace, table: str) -> int:
    """Say what happened, and what can be done now; the exit code."""
    print(f"\n{table}\nEvidence: {run.folder}")
    if failed := run.failed:
        print(f"\n{failed.step.name} failed: {failed.note}", file=sys.stderr)
        if failed.command:
            print(f"To repeat it:\n  {run.repeat(failed.command)}", file=sys.stderr)
    remove = ["python", "-m", "ops", "pipeline", "--remove", "--name", place.name, "--evidence", str(place.root)]
    if any(place.stack_file(stack).exists() for stack in (place.staging, place.production)):
        print(f"\nWhat runs:\n  (cd {run.checkout} && export {run.assignments}")
        for stack in (place.staging, place.production):
            print(f"   pulumi stack output --stack {stack}")
        print(
            f"  )\nTo remove it, with its data:\n  {shlex.join(['python3', '-m', 'toolchain', 'run', '--', *remove])}"
        )
    return 1 if run.failed else 0
