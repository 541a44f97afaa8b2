"""Rules for the edge's certificate and public key, checked before any resource is created."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from components.problems import Problem
from components.settings import Settings
from components.settings.tls import Tls

if TYPE_CHECKING:
    from cryptography import x509

LEAST_RSA_BITS = 2048
"""Minimum size of an RSA key (RFC 7518, section 3.3; RFC 9325, section 4.5)."""

ASK_CERTIFICATE = "pulumi config set --path 'mimir:edge.tls.certificate' < tls.crt"
ASK_KEY = "pulumi config set --secret --path 'mimir:edge.tls.key' < tls.key"


def belonging(settings: Settings) -> Iterator[Problem]:
    """Each mode requires its own settings, and they are an error with another mode."""
    tls, mode = settings.edge.tls, settings.tls_mode
    if settings.edge.kind == "none":
        return
    if mode == "given":
        if tls.certificate is None:
            yield Problem(
                "mimir:edge.tls.certificate", "nothing", "PEM text, for `edge.tls.mode` given", ASK_CERTIFICATE
            )
        if tls.key is None:
            yield Problem("mimir:edge.tls.key", "nothing", "PEM text, for `edge.tls.mode` given", ASK_KEY)
    if mode == "certManager":
        yield from _cert_manager(settings)
    owners = {"certificate": "given", "key": "given", "issuer": "certManager"}
    for name, owner in owners.items():
        if getattr(tls, name) is not None and mode != owner:
            yield Problem(
                f"mimir:edge.tls.{name}",
                f"a value, with `edge.tls.mode` {mode}",
                f"nothing, unless `edge.tls.mode` is {owner}",
                f"pulumi config set --path 'mimir:edge.tls.mode' {owner}   # or: "
                f"pulumi config rm --path 'mimir:edge.tls.{name}'",
            )


def _cert_manager(settings: Settings) -> Iterator[Problem]:
    if settings.platform != "kubernetes":
        yield Problem(
            "mimir:edge.tls.mode",
            "certManager, with `platform` docker",
            "off, selfSigned or given there",
            "pulumi config set --path 'mimir:edge.tls.mode' selfSigned",
        )
        return
    if settings.edge.tls.issuer is None:
        yield Problem(
            "mimir:edge.tls.issuer",
            "nothing",
            "the ClusterIssuer, for `edge.tls.mode` certManager",
            "pulumi config set --path 'mimir:edge.tls.issuer' letsencrypt   # yours: kubectl get clusterissuers",
        )
    if not settings.edge.hosts:
        yield Problem(
            "mimir:edge.hosts",
            "none",
            "the names that the certificate is for, for `edge.tls.mode` certManager",
            "pulumi config set --path 'mimir:edge.hosts[0]' mimir.example.com",
        )


def given(settings: Settings) -> Iterator[Problem]:
    """A provided certificate is valid for `edge.hosts` and matches its key. Errors contain neither of them."""
    tls = settings.edge.tls
    if settings.edge.kind == "none" or settings.tls_mode != "given" or not (tls.certificate and tls.key):
        return
    from cryptography import x509

    if "PRIVATE KEY" in tls.certificate:
        yield _certificate("a private key beside the certificate; treat it as leaked", "certificates alone")
        return
    try:
        chain = x509.load_pem_x509_certificates(tls.certificate.encode())
    except ValueError:
        yield _certificate("a text that is no certificate", "the chain in PEM, the server's certificate first")
        return
    yield from _dates(chain[0])
    yield from _names(chain[0], settings.edge.hosts)
    yield from _key(chain[0], tls)


def _dates(certificate: x509.Certificate) -> Iterator[Problem]:
    now = datetime.now(UTC)
    if certificate.not_valid_after_utc <= now:
        yield _certificate(f"a certificate that ended on {certificate.not_valid_after_utc:%Y-%m-%d}", "a current one")
    if certificate.not_valid_before_utc > now:
        yield _certificate(f"a certificate from {certificate.not_valid_before_utc:%Y-%m-%d} on", "a current one")


def _names(certificate: x509.Certificate, hosts: tuple[str, ...]) -> Iterator[Problem]:
    from cryptography import x509

    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        alternative = x509.SubjectAlternativeName([])
    dns_names = [name.lower() for name in alternative.get_values_for_type(x509.DNSName)]
    addresses = [str(address) for address in alternative.get_values_for_type(x509.IPAddress)]
    missing = [host for host in hosts if host not in addresses and not any(_covers(name, host) for name in dns_names)]
    if missing:
        listed = ", ".join([*dns_names, *addresses]) or "no name"
        yield _certificate(
            f"a certificate of {listed}; not of {', '.join(missing)} (`edge.hosts`)",
            "one of every name in `edge.hosts`",
        )


def _covers(name: str, host: str) -> bool:
    """Whether a DNS name of a certificate matches the host (RFC 9525, section 6.3: `*` is the complete first label)."""
    if name.startswith("*.") and not _is_address(host):
        return host.partition(".")[2] == name[2:]
    return name == host


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _key(certificate: x509.Certificate, tls: Tls) -> Iterator[Problem]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    assert tls.key is not None
    reason = ""
    try:
        key = load_pem_private_key(tls.key.get_secret_value().encode(), None)
    except TypeError:
        reason = "a key with a passphrase (not shown)"
    except (ValueError, UnsupportedAlgorithm):
        reason = "a text that is no private key (not shown)"
    else:
        if key.public_key() != certificate.public_key():
            reason = "the key of another certificate (not shown)"
    if reason:
        yield Problem("mimir:edge.tls.key", reason, "the private key of `edge.tls.certificate`, in PEM", ASK_KEY)


def token_key(settings: Settings) -> Iterator[Problem]:
    """RS256 requires an RSA key of sufficient size; with any other key, every token would be rejected."""
    text = settings.edge.authentication.jwt.public_key
    if settings.edge.kind == "none" or text is None:
        return
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        reason = "a text that is no public key"
    else:
        if not isinstance(key, RSAPublicKey):
            reason = "a key that is not RSA's"
        elif key.key_size < LEAST_RSA_BITS:
            reason = f"an RSA key of {key.key_size} bits"
        else:
            return
    yield Problem(
        "mimir:edge.authentication.jwt.publicKey",
        reason,
        f"an RSA public key of at least {LEAST_RSA_BITS} bits, in PEM",
        "pulumi config set --path 'mimir:edge.authentication.jwt.publicKey' < jwt.pub",
    )


def _certificate(reason: str, allowed: str) -> Problem:
    return Problem("mimir:edge.tls.certificate", reason, allowed, ASK_CERTIFICATE)
