"""The platform-neutral specification of the edge, from the settings and the contract; a platform renders it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from components.application.application import Application
from components.application.contract import CONTRACTS, DANGERS, Route
from components.settings import Settings
from components.settings.edge import EdgeSettings

SEGMENT = "[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
"""A path segment that every parser reads in the same way: nothing encoded, no leading dot, no `;`."""

PLAIN_PORT = 8080
TLS_PORT = 8443
METRICS_PORT = 9090
"""Ports inside the edge's container; the last is the plan's (Networking, Ports)."""

PROBES_PORT = 9091
"""Port inside the edge's container for the platform's probes; separate, so that scrapers cannot delay them."""


@dataclass(frozen=True)
class AllowedRoute:
    """A kind of request that is served.

    Attributes:
        pattern: regular expression that `METHOD:path` matches as a whole.
        verdict: `public`: for everyone; `caller`: as `edge.authentication` requires; `authenticated`: for authenticated
            callers only.
    """

    pattern: str
    verdict: str


@dataclass(frozen=True)
class EdgeSpec:
    """The reverse proxy in front of the application, on any platform.

    Attributes:
        name: name of the edge's deployment, unique like the application's.
        settings: section `edge` of the settings.
        application: application behind the edge.
        tls: whether it terminates TLS.
        port: port on which clients reach it.
        allowed: requests that are served; the first match decides, and all others are rejected.
        closed: patterns of the dangerous requests that `edge.opened` does not list.
        authenticates: whether `caller` requests need an authenticated caller.
        api_keys: hashes of keys, by the caller's name.
        users: hashes of passwords, by user name.
        jwt_secret: key of HS256 tokens.
        previous_jwt_secret: the previous key, during a rotation.
        metrics_path: path of the application's metrics.
    """

    name: str
    settings: EdgeSettings
    application: Application
    tls: bool
    port: int
    allowed: tuple[AllowedRoute, ...]
    closed: tuple[str, ...]
    authenticates: bool
    api_keys: Mapping[str, SecretStr]
    users: Mapping[str, SecretStr]
    jwt_secret: SecretStr | None
    previous_jwt_secret: SecretStr | None
    metrics_path: str

    @property
    def has_callers(self) -> bool:
        """Whether any caller can authenticate."""
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
        """Maximum time until the last request that began before an update is answered.

        An idle connection stays open for one more request, so that no client loses a request on it.
        """
        return self.settings.timeouts.idle_seconds + self.application.drain_seconds

    @property
    def grace_seconds(self) -> int:
        """Time between the stop signal and the kill signal."""
        return self.drain_seconds + 5


def describe(settings: Settings, application: Application) -> EdgeSpec:
    """The specification of the edge in front of `application`.

    Args:
        settings: settings of the stack.
        application: application behind the edge.
    """
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
            AllowedRoute(route_pattern(route), "authenticated" if route.access in DANGERS else route.access)
            for route in routes
            if route.access not in DANGERS or route.access in opened
        ),
        closed=tuple(
            route_pattern(route) for route in routes if route.access in DANGERS and route.access not in opened
        ),
        authenticates=settings.authentication_required,
        api_keys=edge.authentication.api_keys,
        users=edge.authentication.users,
        jwt_secret=settings.environment.jwt_secret if jwt.hs256 else None,
        previous_jwt_secret=jwt.previous_secret if jwt.hs256 else None,
        metrics_path=contract.metrics_path,
    )


def route_pattern(route: Route) -> str:
    """The regular expression for `METHOD:path`."""
    path = "".join(SEGMENT if part == "{}" else re.escape(part) for part in re.split(r"(\{\})", route.path))
    return f"^({'|'.join(route.methods)}):{path}$"
