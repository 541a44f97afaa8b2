"""Keys, passwords and tokens of the tests, right ones and wrong ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET = "Zx9!kQ2#vT7$mB4%nR6^wL8&jH1*pD3(aa"
API_KEY = "a-key-of-ci-0123456789"
API_KEYS = {"ci": hashlib.sha256(API_KEY.encode()).hexdigest()}
PASSWORD = "a password: with ä colon"
USERS = {"bob": "$6$mimirtest$RHYz4ugY2hK/7xm52sQu614TmZ3MUiRvxfA2OMPfPka4UC7TNVlju.bXJ5h1iPQnpKw8wIgFkMdgsZzBH1Dll0"}
"""What `openssl passwd -6` makes of PASSWORD."""

RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)
PUBLIC_KEY = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
KEY = {"X-API-Key": API_KEY}
"""The header that carries the key."""


def encoded(data: bytes) -> str:
    """base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(**changed: Any) -> dict[str, Any]:
    """What a good token says; None leaves a claim out."""
    said = {"sub": "ann", "exp": int(time.time()) + 60, **changed}
    return {name: value for name, value in said.items() if value is not None}


def signed(body: dict[str, Any], header: dict[str, Any], sign: Any) -> str:
    """A token."""
    text = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(body).encode())}"
    return f"{text}.{encoded(sign(text.encode()))}"


def hs256(key: bytes = SECRET.encode(), header: dict[str, Any] | None = None, **changed: Any) -> str:
    """A token signed with a shared secret."""
    head = header or {"alg": "HS256", "typ": "JWT"}
    return signed(claims(**changed), head, lambda text: hmac.digest(key, text, "sha256"))


def rs256(key: rsa.RSAPrivateKey = RSA_KEY, header: dict[str, Any] | None = None, **changed: Any) -> str:
    """A token signed with a private key."""
    head = header or {"alg": "RS256", "typ": "JWT"}
    return signed(claims(**changed), head, lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256()))


def unsigned(algorithm: str, **changed: Any) -> str:
    """A token that nobody has signed."""
    return signed(claims(**changed), {"alg": algorithm, "typ": "JWT"}, lambda _: b"")


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}
