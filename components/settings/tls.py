"""Encryption at the edge."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from components.settings.schema import Section, setting


class Tls(Section):
    """Encryption at the edge (plan: Load Balancing, HTTP/HTTPS termination; Data Protection)."""

    mode: Literal["off", "selfSigned", "given", "certManager"] | None = setting(
        None,
        "Where the certificate comes from; by default selfSigned in production, else off. "
        "`selfSigned` is made by the stack, `given` is yours, `certManager` asks a cluster's cert-manager.",
        allowed="off, selfSigned, given or certManager (Kubernetes)",
        example="selfSigned",
    )
    certificate: str | None = setting(
        None,
        "For `given`: the chain in PEM, the server's certificate first.",
        allowed="PEM text",
        example="< tls.crt",
        pattern=r"-----BEGIN CERTIFICATE-----",
    )
    key: SecretStr | None = setting(
        None,
        "For `given`: the private key in PEM, without a passphrase.",
        allowed="PEM text",
        example="< tls.key",
    )
    issuer: str | None = setting(
        None,
        "For `certManager`: name of the ClusterIssuer.",
        allowed="a name that `kubectl get clusterissuers` shows",
        example="letsencrypt",
        min_length=1,
    )
    minimum: Literal["1.2", "1.3"] = setting("1.2", "Oldest version of TLS that is spoken.", allowed="1.2 or 1.3")
    hsts_seconds: int = setting(
        31_536_000,
        "How long browsers insist on HTTPS, in seconds (RFC 6797); 0 sends nothing. Never sent without TLS.",
        allowed="0 to 63072000",
        ge=0,
        le=63_072_000,
    )
