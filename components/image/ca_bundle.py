"""The file of `image.caBundle`: only its certificates are sent to the builder."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\s]+?-----END CERTIFICATE-----[ \t]*(?:\r?\n|$)"
)
LARGEST = 16 << 20
"""Bytes; the bundles of operating systems have less than one MiB."""


class BadBundle(Exception):
    """The file is not a bundle of certificates; the message says why, without any of its content."""


def certificates(path: Path) -> bytes:
    """The certificates in the PEM file `path`; text between them (the names of authorities) is left out.

    Raises:
        BadBundle: it cannot be read, has no certificate or one that OpenSSL refuses, or has a private key.
    """
    try:
        if not path.is_file():
            raise BadBundle("which is not a file here")
        if path.stat().st_size > LARGEST:
            raise BadBundle(f"which has more than {LARGEST >> 20} MiB")
        text = path.read_bytes().decode()
    except OSError as error:
        raise BadBundle(f"which cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadBundle("which is not a text") from error
    if "PRIVATE KEY-----" in text:
        raise BadBundle("which holds a private key")
    bundle = "".join(CERTIFICATE.findall(text))
    if not bundle:
        raise BadBundle("which holds no certificate")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=bundle)
    except (ssl.SSLError, ValueError) as error:
        raise BadBundle("which holds something that is not a certificate") from error
    return bundle.encode()
