"""What is attached to a digest in a registry, and whose signature it bears (cosign's bundles, as OCI referrers)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

INDEX_TYPES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
SIGNATURE = "https://sigstore.dev/cosign/sign/v1"
SBOM = "cyclonedx"
PROVENANCE = "slsaprovenance1"
TYPES = {SBOM: "https://cyclonedx.org/bom", PROVENANCE: "https://slsa.dev/provenance/v1"}
"""cosign's name of each kind of predicate, and its type."""


class ToolError(Exception):
    """cosign or crane is not installed, or ends with an error; the message says which."""


@dataclass(frozen=True)
class Verifier:
    """Whose signature is believed, and how the tools are run.

    Attributes:
        arguments: what `cosign verify` is told of the signer.
        run: runs cosign or crane with these arguments, and returns what it prints; raises `ToolError`.
    """

    arguments: tuple[str, ...]
    run: Callable[[Sequence[str]], str]


def of_key(public: str, trusted_root: str) -> tuple[str, ...]:
    """What `cosign verify` is told of a signer with a key: no transparency log and no authority is asked.

    Args:
        public: file with the public key.
        trusted_root: file of `cosign trusted-root create`, which trusts nobody else.
    """
    return ("--key", public, "--insecure-ignore-tlog=true", f"--trusted-root={trusted_root}")


def of_identity(identity: str, issuer: str) -> tuple[str, ...]:
    """What `cosign verify` is told of a signer without a key: its certificate's identity, exactly, and who vouches."""
    return (f"--certificate-identity={identity}", f"--certificate-oidc-issuer={issuer}")


def platforms(reference: str, run: Callable[[Sequence[str]], str]) -> Mapping[str, str]:
    """The digests of the platforms' images by platform, or the digest itself where it is no index.

    Raises:
        ToolError: the registry does not have it.
    """
    manifest = json.loads(run(["crane", "manifest", reference]))
    if manifest.get("mediaType") not in INDEX_TYPES:
        config = json.loads(run(["crane", "config", reference]))
        return {f"{config['os']}/{config['architecture']}": reference.partition("@")[2]}
    return {
        f"{one['platform']['os']}/{one['platform']['architecture']}": one["digest"] for one in manifest["manifests"]
    }


def is_signed(reference: str, verifier: Verifier) -> str:
    """Why the digest counts as unsigned; empty when it is signed."""
    digest = reference.partition("@")[2]
    try:
        signatures = json.loads(verifier.run(["cosign", "verify", *verifier.arguments, reference]) or "[]")
    except ToolError as error:
        return _last_line(error)
    # Every attestation is signed, too, but says something else than «this image».
    own = [one["critical"] for one in signatures if one["critical"]["type"] == SIGNATURE]
    if not own:
        return "there are attestations, but no signature"
    return "" if any(one["image"]["docker-manifest-digest"] == digest for one in own) else "it is for another digest"


def predicates(reference: str, kind: str, verifier: Verifier) -> tuple[list[Any], str]:
    """The predicates of a kind that bear the signature, and why there is none.

    cosign shows a statement only if its signature is the signer's and its subject is the digest.
    """
    try:
        output = verifier.run(["cosign", "verify-attestation", *verifier.arguments, f"--type={kind}", reference])
    except ToolError as error:
        return [], _last_line(error)
    statements = [json.loads(base64.b64decode(json.loads(line)["payload"])) for line in output.splitlines() if line]
    return [one["predicate"] for one in statements if one["predicateType"] == TYPES[kind]], ""


def problems(reference: str, verifier: Verifier) -> list[str]:
    """What a digest lacks to be deployed: a signature, provenance, a bill of materials for each platform.

    Raises:
        ToolError: the registry does not have it.
    """
    expected = platforms(reference, verifier.run)
    missing = []
    if unsigned := is_signed(reference, verifier):
        missing.append(f"no signature that is believed: {unsigned}")
    histories, why = predicates(reference, PROVENANCE, verifier)
    if not histories:
        missing.append(f"no provenance that is believed: {why or 'there is none'}")
    boms, why = predicates(reference, SBOM, verifier)
    described = {described_by(bom) for bom in boms}
    for platform, digest in expected.items():
        if digest not in described:
            reason = why or ("those there are describe other images" if boms else "there is none")
            missing.append(f"no bill of materials that is believed for {platform} ({digest}): {reason}")
    return missing


def described_by(bom: Any) -> str | None:
    """The digest of the image that a bill of materials (CycloneDX) is about, or None."""
    try:
        return str(bom["metadata"]["component"]["version"])
    except (KeyError, TypeError):
        return None


def _last_line(error: ToolError) -> str:
    """What cosign has to say: the last thing, after its warnings."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("WARNING")]
    return (
        lines[-1].removeprefix("error during command execution: ").strip(" :") if lines else "cosign does not say why"
    )
