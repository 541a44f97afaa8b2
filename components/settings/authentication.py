"""Authentication of callers at the edge."""

from __future__ import annotations

import re

from pydantic import SecretStr, field_validator

from components.settings.schema import Section, setting
from components.settings.values import jwt_secret

HASHED_KEY = r"^[0-9a-f]{64}$"
CRYPT = r"^\$(5|6|2[aby])\$[A-Za-z0-9./$=]+$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$"


class Jwt(Section):
    """Bearer tokens (RFC 7519). `exp` is required; `nbf` is honoured."""

    hs256: bool = setting(
        True, "Accept HS256 tokens signed with `environment.jwtSecret`, where that is set.", allowed="true or false"
    )
    previous_secret: SecretStr | None = setting(
        None,
        "The `environment.jwtSecret` before this one, whose tokens are accepted too, during a rotation; remove "
        "it when they have ended.",
        allowed=f"a secret of at least {jwt_secret.MINIMUM_BYTES} random bytes, beside `environment.jwtSecret`",
        example='"$OLD_SECRET"',
    )
    public_key: str | None = setting(
        None,
        "Accept RS256 tokens of this public key, in PEM; with `issuer` and `audience`.",
        allowed="PEM text",
        example="< jwt.pub",
        pattern=r"-----BEGIN PUBLIC KEY-----",
    )
    issuer: str | None = setting(
        None, "The `iss` that a token must have.", allowed="text", example="https://login.example.com", min_length=1
    )
    audience: str | None = setting(
        None, "The `aud` that a token must have.", allowed="text", example="mimir", min_length=1
    )

    @field_validator("previous_secret")
    @classmethod
    def _strong(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (reason := jwt_secret.weakness(value.get_secret_value())):
            raise ValueError(reason)
        return value


class Authentication(Section):
    """Who may come in. The application itself asks nobody."""

    required: bool | None = setting(
        None,
        "Whether a request needs a key, a password or a token; by default in production. `/health` never does.",
        allowed="true or false",
        example=True,
    )
    api_keys: dict[str, SecretStr] = setting(
        {},
        "Names of callers, and the SHA-256 of their key, in hexadecimal (`make api-key NAME=...` makes both). "
        "The key is sent as `X-API-Key`. Removing a name revokes its key.",
        allowed="names, each with 64 hexadecimal digits",
    )
    users: dict[str, SecretStr] = setting(
        {},
        "Names of people, and the hash of their password for HTTP basic authentication (`openssl passwd -6`).",
        allowed="names, each with a crypt(3) hash that starts with $5$, $6$ or $2",
    )
    jwt: Jwt = Jwt()

    @field_validator("api_keys")
    @classmethod
    def _hashed_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        return _named(keys, HASHED_KEY, "the SHA-256 of a key")

    @field_validator("users")
    @classmethod
    def _hashed_passwords(cls, users: dict[str, SecretStr]) -> dict[str, SecretStr]:
        return _named(users, CRYPT, "a crypt(3) hash of a password")


def _named(values: dict[str, SecretStr], pattern: str, expected: str) -> dict[str, SecretStr]:
    """The validated names and hashes. An error contains no value, because it may be the secret itself."""
    for name, value in values.items():
        if not re.fullmatch(NAME, name):
            raise ValueError(f'the name "{name}", which is not letters, digits and . _ @ -')
        if not re.fullmatch(pattern, value.get_secret_value()):
            raise ValueError(f"a value for {name} that is not {expected} (not shown)")
    return values
