"""Signatures and attestations of a digest in a registry (cosign's bundles, as OCI referrers)."""

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
    """Whose signature is trusted, and how the tools are run.

    Attributes:
        arguments: arguments of `cosign verify` that select the signer.
        run: runs cosign or crane with these arguments, and returns their output; raises `ToolError`.
    """

    arguments: tuple[str, ...]
    run: Callable[[Sequence[str]], str]


def key_arguments(public: str, trusted_root: str) -> tuple[str, ...]:
    """Arguments of `cosign verify` for a signer with a key: without a transparency log and a certificate authority.

    Args:
        public: file with the public key.
        trusted_root: file of `cosign trusted-root create`, which trusts nobody else.
    """
    return ("--key", public, "--insecure-ignore-tlog=true", f"--trusted-root={trusted_root}")


def identity_arguments(identity: str, issuer: str) -> tuple[str, ...]:
    """Arguments of `cosign verify` for a keyless signer.

    Args:
        identity: the exact identity in its certificate.
        issuer: URL of the OpenID Connect issuer.
    """
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
        f"{image['platform']['os']}/{image['platform']['architecture']}": image["digest"]
        for image in manifest["manifests"]
    }


def unsigned_reason(reference: str, verifier: Verifier) -> str:
    """Why the digest counts as unsigned; empty when the signer has signed it."""
    digest = reference.partition("@")[2]
    try:
        signatures = json.loads(verifier.run(["cosign", "verify", *verifier.arguments, reference]) or "[]")
    except ToolError as error:
        return _last_line(error)
    # Attestations are signed too, but with other types of statement.
    claims = [item["critical"] for item in signatures if item["critical"]["type"] == SIGNATURE]
    if not claims:
        return "there are attestations, but no signature"
    return (
        ""
        if any(claim["image"]["docker-manifest-digest"] == digest for claim in claims)
        else "it is for another digest"
    )


def predicates(reference: str, kind: str, verifier: Verifier) -> tuple[list[Any], str]:
    """The predicates of a kind that the signer has signed, and the reason where there are none.

    cosign prints a statement only if it is signed by the signer and its subject is the digest.
    """
    try:
        output = verifier.run(["cosign", "verify-attestation", *verifier.arguments, f"--type={kind}", reference])
    except ToolError as error:
        return [], _last_line(error)
    statements = [json.loads(base64.b64decode(json.loads(line)["payload"])) for line in output.splitlines() if line]
    return [statement["predicate"] for statement in statements if statement["predicateType"] == TYPES[kind]], ""


def problems(reference: str, verifier: Verifier) -> list[str]:
    """What a digest lacks for a deployment: a signature, provenance, a bill of materials for each platform.

    Raises:
        ToolError: the registry does not have it.
    """
    expected = platforms(reference, verifier.run)
    missing = []
    if unsigned := unsigned_reason(reference, verifier):
        missing.append(f"no signature that is trusted: {unsigned}")
    provenances, why = predicates(reference, PROVENANCE, verifier)
    if not provenances:
        missing.append(f"no provenance that is trusted: {why or 'there is none'}")
    boms, why = predicates(reference, SBOM, verifier)
    described = {described_by(bom) for bom in boms}
    for platform, digest in expected.items():
        if digest not in described:
            reason = why or ("those there are describe other images" if boms else "there is none")
            missing.append(f"no bill of materials that is trusted for {platform} ({digest}): {reason}")
    return missing


def described_by(bom: Any) -> str | None:
    """The digest of the image that a bill of materials (CycloneDX) is about, or None."""
    try:
        return str(bom["metadata"]["component"]["version"])
    except (KeyError, TypeError):
        return None


def _last_line(error: ToolError) -> str:
    """The last line of cosign's error output that is not a warning."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("WARNING")]
    return (
        lines[-1].removeprefix("error during command execution: ").strip(" :") if lines else "cosign does not say why"
    )
