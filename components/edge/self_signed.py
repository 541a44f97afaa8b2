"""A self-signed certificate, made once and kept in the stack's state: for a first run, and where nobody checks.

A dynamic provider, and not pulumi-tls, so that a machine needs no more plugins than the deployment itself has.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

VALID_DAYS = 365
RENEW_DAYS = 30
"""An update makes a new one when no more than this is left."""


class _Maker(ResourceProvider):
    """Makes an ECDSA P-256 key and a certificate for the names in `hosts`."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        made = make(props["hosts"])
        return CreateResult(made["fingerprint"], {**props, **made})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        left = datetime.fromisoformat(_olds["expires"]) - datetime.now(UTC)
        stale = ["hosts"] if _olds["hosts"] != _news["hosts"] else []
        old = ["expires"] if left < timedelta(days=RENEW_DAYS) else []
        return DiffResult(changes=bool(stale or old), replaces=[*stale, *old])


class SelfSigned(Resource):
    """A certificate that nobody but its maker vouches for.

    Attributes:
        chain: the certificate, in PEM.
        key: its private key, in PEM; a secret.
        fingerprint: SHA-256 of the certificate, in hexadecimal, for whoever wants to pin it.
        expires: when it ends, in ISO 8601.
    """

    chain: pulumi.Output[str]
    key: pulumi.Output[str]
    fingerprint: pulumi.Output[str]
    expires: pulumi.Output[str]

    def __init__(self, name: str, hosts: Sequence[str], opts: pulumi.ResourceOptions | None = None) -> None:
        """Make a certificate.

        Args:
            name: of the resource.
            hosts: names and addresses that it is for; the first is its common name.
            opts: Pulumi's.
        """
        known = {"hosts": list(hosts), "chain": None, "key": None, "fingerprint": None, "expires": None}
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["key"])
        super().__init__(_Maker(), name, known, pulumi.ResourceOptions.merge(opts, hidden))


def make(hosts: Sequence[str]) -> dict[str, str]:
    """A new key and certificate for `hosts`, under the names of SelfSigned's outputs."""
    # Only whoever makes one loads the library.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, hosts[0][:64])])
    now = datetime.now(UTC)
    expires = now + timedelta(days=VALID_DAYS)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(expires)
        .add_extension(x509.SubjectAlternativeName([_general_name(x509, host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    return {
        "chain": certificate.public_bytes(encoding).decode(),
        "key": key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
        "expires": expires.isoformat(),
    }


def _general_name(x509: Any, host: str) -> Any:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
