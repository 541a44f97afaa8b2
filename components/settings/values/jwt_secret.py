"""Rejects weak signing secrets (plan: Environment Variables, MIMIR_JWT_SECRET)."""

from __future__ import annotations

MINIMUM_BYTES = 32
"""HS256 keys must be at least as long as the hash output (RFC 7518, section 3.2)."""

MINIMUM_DISTINCT = 10
"""A random 32-byte value, even in hexadecimal, has more distinct characters than this."""

WELL_KNOWN = (
    "change-me",
    "changeme",
    "your-secret",
    "your_secret",
    "secret-key",
    "jwt-secret",
    "jwt_secret",
    "default-secret",
    "mimir-secret",
    "password",
    "example",
    "supersecret",
    "0123456789",
    "abcdefghij",
)
"""Fragments of values in documentation, samples and the application's default configuration."""


def weakness(secret: str) -> str | None:
    """The reason why `secret` is too weak, without its text; None if it is strong enough."""
    if len(secret.encode()) < MINIMUM_BYTES:
        return f"a secret of {len(secret.encode())} bytes"
    if len(set(secret)) < MINIMUM_DISTINCT:
        return f"a secret with only {len(set(secret))} distinct characters"
    lowered = secret.lower()
    if any(fragment in lowered for fragment in WELL_KNOWN):
        return "a secret that holds a well-known word or sequence"
    return None
