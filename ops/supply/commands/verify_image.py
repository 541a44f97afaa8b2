"""Verify that an image is signed, and has provenance and a bill of materials for each platform."""

from __future__ import annotations

import argparse
import sys

from components.image import attestations
from ops.supply import evidence, image, signer

NEEDS_STACK = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `verify-image` takes."""
    parser.add_argument("--ref", required=True, metavar="REPOSITORY@DIGEST", help="image in a registry")
    signer.add(parser, "public key of the signer")
    evidence.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tell everything that is missing; 1 when something is."""
    image.split(arguments.ref)
    with signer.chosen(arguments, signs=False) as believed:
        problems = attestations.problems(arguments.ref, believed.verifier)
    document = {"at": evidence.now(), "image": arguments.ref, "passes": not problems, "problems": problems}
    evidence.write(arguments.evidence, "verify-image.json", document)
    if not problems:
        print(f"{arguments.ref}: signed, with provenance and a bill of materials for each platform")
        return 0
    print(
        f"{arguments.ref} must not be deployed:", *(f"  {problem}" for problem in problems), sep="\n", file=sys.stderr
    )
    print("to attach what is missing: python -m ops attest", file=sys.stderr)
    return 1
