"""Checks what the edge allows and rejects, from outside and without credentials."""

from __future__ import annotations

from collections.abc import Iterator

from urllib3.exceptions import HTTPError

from components.application.contract import CONTRACTS, DANGERS
from components.settings import Settings
from ops.checks.client import EdgeClient
from ops.checks.result import Result, expect

REQUEST_ID = "check-0123456789"
STRANGER = "https://stranger.invalid"
INSIDE = ("/metrics", "/metrics/application", "/ready", "/configuration")
"""Paths that the edge serves internally only."""


def run_checks(client: EdgeClient, settings: Settings) -> Iterator[Result]:
    """Run every check that applies to the settings.

    Args:
        client: client for the endpoint.
        settings: settings of the stack.
    """
    yield _encrypted(client, settings)
    if settings.edge.kind == "none":
        return
    for path in ("/not/served", *INSIDE):
        if path not in settings.edge.paths:
            yield _status(client, "GET", path, 404)
    yield from _dangers(client, settings)
    if settings.edge.kind == "haproxy":
        yield from _own(client, settings)


def _own(client: EdgeClient, settings: Settings) -> Iterator[Result]:
    """Behavior of the HAProxy edge; an ingress controller may implement it differently."""
    if settings.authentication_required:
        path = next(route.path for route in CONTRACTS[settings.contract].routes if route.access == "caller")
        yield _status(client, "GET", path, 401)
    try:
        response = client.ask("GET", client.path, {"X-Request-ID": REQUEST_ID, "Origin": STRANGER})
    except HTTPError as error:
        yield Result("headers of a response", str(error))
        return
    yield expect("a request keeps its id", response.headers.get("x-request-id"), REQUEST_ID)
    allowed = response.headers.get("access-control-allow-origin")
    yield expect("an unknown origin may not read a response", allowed, None)
    yield expect("no response names the server", response.headers.get("server"), None)
    seconds = settings.edge.tls.hsts_seconds
    hsts = f"max-age={seconds}" if client.scheme == "https" and seconds else None
    yield expect("HSTS over TLS, and never without", response.headers.get("strict-transport-security"), hsts)


def _dangers(client: EdgeClient, settings: Settings) -> Iterator[Result]:
    """Dangerous paths are closed; those that the settings open require authentication."""
    controller = settings.edge.kind != "haproxy"
    for route in CONTRACTS[settings.contract].routes:
        if route.access not in DANGERS:
            continue
        rejected = (401,) if route.access in settings.edge.opened else (403,)
        for method in route.methods:
            yield _status(client, method, route.path.replace("{}", "check"), *rejected, *((404,) if controller else ()))


def _encrypted(client: EdgeClient, settings: Settings) -> Result:
    """TLS if the settings require it, and then no plain HTTP on the same port."""
    name = "TLS, and no plain HTTP beside it" if settings.tls_mode != "off" else "no TLS, as the settings say"
    if settings.edge.kind != "none" and (client.scheme == "https") != (settings.tls_mode != "off"):
        return Result(name, f"the service is reached by {client.scheme}")
    if client.scheme == "http":
        return Result(name)
    try:
        response = EdgeClient("http", client.address, client.host, False, client.path).ask("GET", client.path)
    except HTTPError:
        return Result(name)
    return Result(name, f"plain HTTP has status {response.status}" if response.status < 300 else None)


def _status(client: EdgeClient, method: str, path: str, *allowed: int) -> Result:
    name = f"{method} {path} is {' or '.join(map(str, allowed))}"
    try:
        return expect(name, client.ask(method, path).status, *allowed)
    except HTTPError as error:
        return Result(name, str(error))
