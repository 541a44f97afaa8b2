"""The files of an edge: its configuration, and beside it what must not be read by others."""

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
"""Master and worker, so that a reload keeps every connection; in the foreground."""

DIGEST = "@DIGEST@"


@dataclass(frozen=True)
class Certificate:
    """A certificate of the edge.

    Attributes:
        chain: in PEM, the server's first.
        key: private key, in PEM.
    """

    chain: str
    key: str


@dataclass(frozen=True)
class Files:
    """Everything that HAProxy reads.

    Attributes:
        plain: texts that hold no secret, by file name.
        secret: texts that do.
        digest: of all of them; the running edge shows which one is in effect.
    """

    plain: Mapping[str, str]
    secret: Mapping[str, str]
    digest: str


def render(edge: EdgeSpec, backend: Backend, certificate: Certificate | None) -> Files:
    """The files of `edge` in front of `backend`.

    Args:
        edge: what stands in front.
        backend: how the application is found.
        certificate: certificate and key, where the edge encrypts and the platform does not bring the two files itself.
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
        "routes.map": _lines("requests that are served", (f"{one.pattern} {one.verdict}" for one in edge.allowed)),
        "closed.lst": _lines("requests that are refused", edge.closed),
        "figures.lua": resources.files("components.edge.haproxy").joinpath("figures.lua").read_text(),
        CONFIGURATION: configuration.render(edge, backend, DIGEST),
    }
    if edge.settings.authentication.jwt.public_key:
        plain["jwt.pub"] = edge.settings.authentication.jwt.public_key.strip() + "\n"
    everything = "\0".join(f"{name}\0{text}" for name, text in sorted({**plain, **secret}.items()))
    digest = hashlib.sha256(everything.encode()).hexdigest()[:16]
    plain[CONFIGURATION] = plain[CONFIGURATION].replace(DIGEST, digest)
    return Files(plain, secret, digest)


def _users(edge: EdgeSpec) -> str:
    """The people, and somebody's hash under a name that nobody has: a wrong name takes as long as a wrong password."""
    users = [f"  user {name} password {value.get_secret_value()}" for name, value in sorted(edge.users.items())]
    hashes = [value.get_secret_value() for _, value in sorted(edge.users.items())]
    nobody = [f"  user {NOBODY} password {hashes[0]}"] if hashes else []
    return _lines("people", ["userlist callers", *users, "userlist nobody", *nobody])


def _jwt(edge: EdgeSpec) -> str:
    """The HS256 keys, encoded: a line of a map ends where a space or a line break of the key would."""
    keys = {"hs256": edge.jwt_secret, "previous": edge.previous_jwt_secret}
    lines = (
        f"{name} {base64.b64encode(secret.get_secret_value().encode()).decode()}"
        for name, secret in keys.items()
        if secret
    )
    return _lines("algorithm, key in base64", lines)


def _lines(what: str, lines: Iterable[str]) -> str:
    """A file that says what it is; an engine does not take an empty one."""
    return "".join(f"{line}\n" for line in (f"# {what}", *lines))
