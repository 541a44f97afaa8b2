"""Push an OCI layout unchanged: the registry has the digest that was built and scanned."""

from __future__ import annotations

import argparse
from pathlib import Path

from ops.supply.layout import Layout
from ops.supply.tool import CannotWork
from ops.supply.tool import run as run_tool

NEEDS_STACK = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `push` takes."""
    parser.add_argument("--layout", type=Path, required=True, metavar="DIR", help="OCI layout that `build` wrote")
    parser.add_argument(
        "--ref", required=True, metavar="REPOSITORY[:TAG]", help="repository to push to, and a tag to set"
    )


def run(arguments: argparse.Namespace) -> int:
    """Push, and print REPOSITORY@DIGEST as the last line."""
    layout = Layout.open(arguments.layout)
    layout.images()  # damaged, it would be refused half way
    repository, tag = _parts(arguments.ref)
    reference = f"{repository}@{layout.digest}"
    run_tool(["crane", "push", str(layout.folder), reference])
    if tag:
        run_tool(["crane", "tag", reference, tag])
    if (pushed := run_tool(["crane", "digest", reference]).strip()) != layout.digest:
        raise CannotWork(f"{reference}: the registry says that it has {pushed}")
    print(reference)
    return 0


def _parts(reference: str) -> tuple[str, str]:
    """Repository and tag; a port is no tag, and a digest is what the layout says."""
    repository = reference.partition("@")[0]
    name, _, last = repository.rpartition(":")
    return (name, last) if name and "/" not in last else (repository, "")
