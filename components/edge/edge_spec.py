"""The platform-neutral description of the edge: made from the settings and the contract, rendered by a platform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from components.application.application import Application
from components.application.contract import CONTRACTS, DANGERS, Route
from components.settings import Settings
from components.settings.edge import EdgeSettings as EdgeSettings

SEGMENT = "[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
"""One segment of a path that means the same to everybody who reads it: nothing encoded, no dot in front, no `;`."""

PLAIN_PORT = 8080
TLS_PORT = 8443
METRICS_PORT = 9090
"""Ports inside the edge's container; the last is the plan's (Networking, Ports)."""

PROBES_PORT = 9091
"""Port inside the edge's container for the platform's probes, on which no reader of metrics can be in the way."""


@dataclass(frozen=True)
class Allowed:
    """A kind of request that is served.

    Attributes:
        pattern: regular expression that `METHOD:path` matches as a whole.
        verdict: `public` for everybody, `caller` as authentication says, `authenticated` for known callers only.
    """

    pattern: str
    verdict: str


@dataclass(frozen=True)
class EdgeSpec:
    """What stands in front of the application, whatever it runs on.

    Attributes:
        name: name of the deployment of the edge, unique like the application's.
        settings: what the stack says of it.
        application: what it stands in front of.
        tls: whether it encrypts.
        port: port on which it is reached.
        allowed: requests that are served; the first that matches decides, the rest are refused.
        closed: patterns of the dangerous requests that no setting has opened.
        authenticates: whether `caller` requests need a known caller.
        api_keys: hashes of keys, by the caller's name.
        users: hashes of passwords, by name.
        jwt_secret: key of HS256 tokens.
        previous_jwt_secret: the key before it, while the tokens of both are accepted.
        metrics_path: path of the application's figures.
    """

    name: str
    settings: EdgeSettings
    application: Application
    tls: bool
    port: int
    allowed: tuple[Allowed, ...]
    closed: tuple[str, ...]
    authenticates: bool
    api_keys: Mapping[str, SecretStr]
    users: Mapping[str, SecretStr]
    jwt_secret: SecretStr | None
    previous_jwt_secret: SecretStr | None
    metrics_path: str

    @property
    def knows_callers(self) -> bool:
        """Whether anybody could prove who they are."""
        return bool(self.api_keys or self.users or self.jwt_secret or self.settings.authentication.jwt.public_key)

    @property
    def scheme(self) -> str:
        """Scheme of its URL."""
        return "https" if self.tls else "http"

    @property
    def listening_port(self) -> int:
        """Port inside its container that serves."""
        return TLS_PORT if self.tls else PLAIN_PORT

    @property
    def drain_seconds(self) -> int:
        """How long it may take until the last request that began before a change has its answer.

        An idle connection is kept for one more request, so that no client loses one on it.
        """
        return self.settings.timeouts.idle_seconds + self.application.drain_seconds

    @property
    def grace_seconds(self) -> int:
        """Time before it is killed, from the moment at which it is told to end."""
        return self.drain_seconds + 5


def describe(settings: Settings, application: Application) -> EdgeSpec:
    """The edge that these settings ask for, in front of `application`."""
    contract = CONTRACTS[settings.contract]
    edge = settings.edge
    jwt = edge.authentication.jwt
    opened = frozenset(edge.opened)
    routes = (*contract.routes, *(Route(("[A-Z]+",), path) for path in edge.paths))
    return EdgeSpec(
        name=f"{application.name}-edge",
        settings=edge,
        application=application,
        tls=settings.tls_mode != "off",
        port=settings.edge_port,
        allowed=tuple(
            Allowed(pattern(route), "authenticated" if route.access in DANGERS else route.access)
            for route in routes
            if route.access not in DANGERS or route.access in opened
        ),
        closed=tuple(pattern(route) for route in routes if route.access in DANGERS and route.access not in opened),
        authenticates=settings.authentication_required,
        api_keys=edge.authentication.api_keys,
        users=edge.authentication.users,
        jwt_secret=settings.environment.jwt_secret if jwt.hs256 else None,
        previous_jwt_secret=jwt.previous_secret if jwt.hs256 else None,
        metrics_path=contract.metrics_path,
    )


def pattern(route: Route) -> str:
    """The regular expression for `METHOD:path`."""
    path = "".join(SEGMENT if part == "{}" else re.escape(part) for part in re.split(r"(\{\})", route.path))
    return f"^({'|'.join(route.methods)}):{path}$"
