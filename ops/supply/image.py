"""The image that a command is about: a layout on disk, or a digest in a registry."""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.supply.layout import Layout
from ops.supply.tool import CannotWork, run

REFERENCE = re.compile(r"(?P<repository>.+)@(?P<digest>sha256:[0-9a-f]{64})")


def add(parser: argparse.ArgumentParser) -> None:
    """Let a command be told the image."""
    image = parser.add_mutually_exclusive_group(required=True)
    image.add_argument("--layout", type=Path, metavar="DIR", help="OCI layout that `build` wrote")
    image.add_argument("--ref", metavar="REPOSITORY@DIGEST", help="image in a registry")


def split(reference: str) -> tuple[str, str]:
    """Repository and digest.

    Raises:
        CannotWork: it names no digest: a tag may be another image tomorrow.
    """
    match = REFERENCE.fullmatch(reference)
    if not match:
        raise CannotWork(f"{reference}: an image is named as REPOSITORY@sha256:…, because a tag moves")
    return match["repository"], match["digest"]


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Layout]:
    """The image that the command line names, pulled into a folder that goes away if it is in a registry.

    Raises:
        CannotWork: it cannot be had, or is not what its digest says.
    """
    if arguments.layout:
        yield Layout.open(arguments.layout)
    else:
        with pulled(arguments.ref) as layout:
            yield layout


@contextmanager
def pulled(reference: str) -> Iterator[Layout]:
    """The image `reference` in a folder that goes away.

    Raises:
        CannotWork: it cannot be had, or is not what its digest says.
    """
    _, digest = split(reference)
    with tempfile.TemporaryDirectory() as scratch:
        run(["crane", "pull", "--format=oci", reference, scratch])
        layout = Layout.open(Path(scratch))
        if layout.digest != digest:
            raise CannotWork(f"{reference}: the registry sent {layout.digest}")
        yield layout
