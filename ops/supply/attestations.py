"""What is attached to a digest in a registry, and whose signature it bears (cosign's bundles, as OCI referrers)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ops.supply import bom, image, provenance
from ops.supply.layout import INDEX_TYPES
from ops.supply.signer import Signer
from ops.supply.tool import CannotWork, run

SIGNATURE = "https://sigstore.dev/cosign/sign/v1"
SBOM = "cyclonedx"
PROVENANCE = "slsaprovenance1"
TYPES = {SBOM: "https://cyclonedx.org/bom", PROVENANCE: provenance.PREDICATE_TYPE}
"""cosign's name of each kind of predicate, and its type."""


def platforms(reference: str) -> Mapping[str, str]:
    """The digests of the platforms' images by platform, or the digest itself where it is no index.

    Raises:
        CannotWork: the registry does not have it.
    """
    manifest = json.loads(run(["crane", "manifest", reference]))
    if manifest.get("mediaType") not in INDEX_TYPES:
        config = json.loads(run(["crane", "config", reference]))
        return {f"{config['os']}/{config['architecture']}": image.split(reference)[1]}
    return {
        f"{one['platform']['os']}/{one['platform']['architecture']}": one["digest"] for one in manifest["manifests"]
    }


def is_signed(reference: str, signer: Signer) -> str:
    """Why the digest counts as unsigned; empty when it is signed."""
    _, digest = image.split(reference)
    try:
        signatures = json.loads(run(["cosign", "verify", *signer.verify, reference]) or "[]")
    except CannotWork as error:
        return _last_line(error)
    # Every attestation is signed, too, but says something else than «this image».
    own = [one["critical"] for one in signatures if one["critical"]["type"] == SIGNATURE]
    if not own:
        return "there are attestations, but no signature"
    return "" if any(one["image"]["docker-manifest-digest"] == digest for one in own) else "it is for another digest"


def predicates(reference: str, kind: str, signer: Signer) -> tuple[list[Any], str]:
    """The predicates of a kind that bear the signature, and why there is none.

    cosign shows a statement only if its signature is the signer's and its subject is the digest.
    """
    try:
        said = run(["cosign", "verify-attestation", *signer.verify, f"--type={kind}", reference])
    except CannotWork as error:
        return [], _last_line(error)
    statements = [json.loads(base64.b64decode(json.loads(line)["payload"])) for line in said.splitlines() if line]
    return [one["predicate"] for one in statements if one["predicateType"] == TYPES[kind]], ""


def problems(reference: str, signer: Signer) -> list[str]:
    """What a digest lacks to be deployed: a signature, provenance, a bill of materials for each platform.

    Raises:
        CannotWork: the registry does not have it.
    """
    wanted = platforms(reference)
    found = []
    if unsigned := is_signed(reference, signer):
        found.append(f"no signature that is believed: {unsigned}")
    histories, why = predicates(reference, PROVENANCE, signer)
    if not histories:
        found.append(f"no provenance that is believed: {why or 'there is none'}")
    boms, why = predicates(reference, SBOM, signer)
    described = {bom.describes(one) for one in boms}
    for platform, digest in wanted.items():
        if digest not in described:
            reason = why or ("those there are describe other images" if boms else "there is none")
            found.append(f"no bill of materials that is believed for {platform} ({digest}): {reason}")
    return found


def _last_line(error: CannotWork) -> str:
    """What cosign has to say: the last thing, after its warnings."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("WARNING")]
    return (
        lines[-1].removeprefix("error during command execution: ").strip(" :") if lines else "cosign does not say why"
    )
