"""Attach provenance and bills of materials to an image in a registry, and sign it; keeps existing attestations."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from components.image import attestations
from ops.supply import evidence, image, provenance, signer
from ops.supply.commands import sbom
from ops.supply.signer import Signer
from ops.supply.tool import CannotWork
from ops.supply.tool import run as run_tool

NEEDS_STACK = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `attest` takes."""
    parser.add_argument("--ref", required=True, metavar="REPOSITORY@DIGEST", help="image in a registry")
    evidence.add(parser, required=True)
    parser.add_argument(
        "--provenance",
        type=Path,
        metavar="FILE",
        help=f"provenance that `build` wrote (default: {provenance.FILE} in the evidence folder)",
    )
    signer.add(parser, "private key of the signer")


def run(arguments: argparse.Namespace) -> int:
    """Attach the provenance, and the bills of materials in the evidence folder: they are made if they are not there."""
    reference, folder = arguments.ref, arguments.evidence
    file = arguments.provenance or folder / provenance.FILE
    history = _provenance(file, image.split(reference)[1])
    boms = _boms(reference, folder)
    with signer.chosen(arguments, signs=True) as own:
        for name, document in boms.items():
            _attach(reference, attestations.SBOM, folder / name, document, own)
        _attach(reference, attestations.PROVENANCE, file, history, own)
        if attestations.unsigned_reason(reference, own.verifier):
            run_tool(["cosign", "sign", "--yes", *own.sign, reference])
            print(f"signed {reference}")
        else:
            print(f"signed before: {reference}")
    return 0


def _attach(reference: str, kind: str, file: Path, predicate: Any, own: Signer) -> None:
    """Attach one predicate, unless it is attached: that very one, or of another run of the same build."""
    attached, _ = attestations.predicates(reference, kind, own.verifier)
    if _without_run(predicate) in map(_without_run, attached):
        print(f"attached before: {file.name}")
        return
    plain = file.with_name(f".{file.name}.predicate")
    plain.write_text(json.dumps(predicate))
    try:
        run_tool(["cosign", "attest", "--yes", *own.sign, f"--type={kind}", f"--predicate={plain}", reference])
    finally:
        plain.unlink()
    print(f"attached {file.name}")


def _without_run(predicate: Any) -> Any:
    """A predicate without the identifier and the times of the run: the same build has the same digest every time."""
    details = predicate.get("runDetails", {})
    return {**predicate, "runDetails": {name: value for name, value in details.items() if name != "metadata"}}


def _boms(reference: str, folder: Path) -> dict[str, Any]:
    """The bill of materials for each platform of the digest, by the file that it is in.

    Raises:
        CannotWork: a bill of materials describes another image.
    """
    platforms = attestations.platforms(reference, run_tool)
    if not all((folder / sbom.file_of(platform)).exists() for platform in platforms):
        with image.pulled(reference) as layout:
            sbom.write(layout, folder)
    documents = {sbom.file_of(platform): _read(folder / sbom.file_of(platform)) for platform in platforms}
    for (platform, digest), (name, document) in zip(platforms.items(), documents.items(), strict=True):
        if attestations.described_by(document) != digest:
            raise CannotWork(
                f"{folder / name} describes {attestations.described_by(document)}, and {platform} is {digest}"
            )
    return documents


def _provenance(file: Path, digest: str) -> Any:
    """The provenance of the digest.

    Raises:
        CannotWork: there is nothing, or it is about another image.
    """
    statement = _read(file)
    if provenance.subject_digest(statement) != digest:
        raise CannotWork(f"{file} is about {provenance.subject_digest(statement) or 'nothing'}, not about {digest}")
    return statement["predicate"]


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise CannotWork(f"{file} cannot be read ({error}); `python -m ops build --evidence` writes it") from error
