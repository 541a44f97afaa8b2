"""The files of an edge: the configuration, and those that hold secrets."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from components.edge.edge_spec import EdgeSpec
from components.edge.haproxy import configuration
from components.edge.haproxy.backend import Backend
from components.edge.haproxy.configuration import NOBODY

FOLDER = "/etc/mimir-edge"
"""Where the files are mounted."""

CONFIGURATION = "haproxy.cfg"
USERS = "users.cfg"
CERTIFICATE = "certificate.pem"
COMMAND = ("haproxy", "-W", "-db", "-f", f"{FOLDER}/{CONFIGURATION}", "-f", f"{FOLDER}/{USERS}")
"""Master and worker mode, so that a reload keeps every connection; in the foreground."""

DIGEST = "@DIGEST@"


@dataclass(frozen=True)
class Certificate:
    """A certificate of the edge.

    Attributes:
        chain: certificates in PEM, the server's first.
        key: private key, in PEM.
    """

    chain: str
    key: str


@dataclass(frozen=True)
class Files:
    """Everything that HAProxy reads.

    Attributes:
        plain: texts without secrets, by file name.
        secret: texts with secrets, by file name.
        digest: digest of all of them; the running edge returns the one that is in effect.
    """

    plain: Mapping[str, str]
    secret: Mapping[str, str]
    digest: str


def render(edge: EdgeSpec, backend: Backend, certificate: Certificate | None) -> Files:
    """The files of `edge` in front of `backend`.

    Args:
        edge: specification of the edge.
        backend: how the edge finds the application.
        certificate: certificate and key; None without TLS, and where the platform provides the two files itself.
    """
    secret = {
        USERS: _users(edge),
        "keys.map": _lines(
            "SHA-256 of a key, name",
            (f"{value.get_secret_value()} {name}" for name, value in sorted(edge.api_keys.items())),
        ),
        "jwt.map": _jwt(edge),
    }
    if certificate:
        secret |= {CERTIFICATE: certificate.chain, f"{CERTIFICATE}.key": certificate.key}
    plain = {
        "routes.map": _lines(
            "requests that are served", (f"{route.pattern} {route.verdict}" for route in edge.allowed)
        ),
        "closed.lst": _lines("requests that are refused", edge.closed),
        "figures.lua": resources.files("components.edge.haproxy").joinpath("figures.lua").read_text(),
        CONFIGURATION: configuration.render(edge, backend, DIGEST),
    }
    if edge.settings.authentication.jwt.public_key:
        plain["jwt.pub"] = edge.settings.authentication.jwt.public_key.strip() + "\n"
    all_texts = "\0".join(f"{name}\0{text}" for name, text in sorted({**plain, **secret}.items()))
    digest = hashlib.sha256(all_texts.encode()).hexdigest()[:16]
    plain[CONFIGURATION] = plain[CONFIGURATION].replace(DIGEST, digest)
    return Files(plain, secret, digest)


def _users(edge: EdgeSpec) -> str:
    """The users, and one of their hashes under an invalid name: an unknown name takes as long as a wrong password."""
    users = [f"  user {name} password {value.get_secret_value()}" for name, value in sorted(edge.users.items())]
    hashes = [value.get_secret_value() for _, value in sorted(edge.users.items())]
    nobody = [f"  user {NOBODY} password {hashes[0]}"] if hashes else []
    return _lines("people", ["userlist callers", *users, "userlist nobody", *nobody])


def _jwt(edge: EdgeSpec) -> str:
    """The HS256 keys, encoded, because a space or a line break in a key would end it in a map file."""
    keys = {"hs256": edge.jwt_secret, "previous": edge.previous_jwt_secret}
    lines = (
        f"{name} {base64.b64encode(secret.get_secret_value().encode()).decode()}"
        for name, secret in keys.items()
        if secret
    )
    return _lines("algorithm, key in base64", lines)


def _lines(title: str, lines: Iterable[str]) -> str:
    """A file with a title, because an engine does not accept an empty file."""
    return "".join(f"{line}\n" for line in (f"# {title}", *lines))
