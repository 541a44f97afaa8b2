"""What the edge must let through and refuse, asked from outside and without a key."""

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
"""What the edge shows inside only."""


def results(door: EdgeClient, settings: Settings) -> Iterator[Result]:
    """Every check of the edge that the settings give a deployment."""
    yield _encrypted(door, settings)
    if settings.edge.kind == "none":
        return
    for path in ("/not/served", *INSIDE):
        if path not in settings.edge.paths:
            yield _status(door, "GET", path, 404)
    yield from _dangers(door, settings)
    if settings.edge.kind == "haproxy":
        yield from _own(door, settings)


def _own(door: EdgeClient, settings: Settings) -> Iterator[Result]:
    """What our own edge does, and a controller of the cluster may do in another way."""
    if settings.authentication_required:
        known = next(route.path for route in CONTRACTS[settings.contract].routes if route.access == "caller")
        yield _status(door, "GET", known, 401)
    try:
        answer = door.ask("GET", door.path, {"X-Request-ID": REQUEST_ID, "Origin": STRANGER})
    except HTTPError as error:
        yield Result("headers of an answer", str(error))
        return
    yield expect("a request keeps its id", answer.headers.get("x-request-id"), REQUEST_ID)
    allowed = answer.headers.get("access-control-allow-origin")
    yield expect("no page of a stranger may read an answer", allowed, None)
    yield expect("no answer says which server made it", answer.headers.get("server"), None)
    seconds = settings.edge.tls.hsts_seconds
    wanted = f"max-age={seconds}" if door.scheme == "https" and seconds else None
    yield expect("HSTS over TLS, and never without", answer.headers.get("strict-transport-security"), wanted)


def _dangers(door: EdgeClient, settings: Settings) -> Iterator[Result]:
    """Dangerous paths are closed; one that the settings open wants to know who asks."""
    controller = settings.edge.kind != "haproxy"
    for route in CONTRACTS[settings.contract].routes:
        if route.access not in DANGERS:
            continue
        refused = (401,) if route.access in settings.edge.opened else (403,)
        for method in route.methods:
            yield _status(door, method, route.path.replace("{}", "check"), *refused, *((404,) if controller else ()))


def _encrypted(door: EdgeClient, settings: Settings) -> Result:
    """TLS where the settings say so, and then nothing else on that port."""
    name = "TLS, and no plain HTTP beside it" if settings.tls_mode != "off" else "no TLS, as the settings say"
    if settings.edge.kind != "none" and (door.scheme == "https") != (settings.tls_mode != "off"):
        return Result(name, f"the service is reached by {door.scheme}")
    if door.scheme == "http":
        return Result(name)
    try:
        answer = EdgeClient("http", door.address, door.host, False, door.path).ask("GET", door.path)
    except HTTPError:
        return Result(name)
    return Result(name, f"plain HTTP has status {answer.status}" if answer.status < 300 else None)


def _status(door: EdgeClient, method: str, path: str, *allowed: int) -> Result:
    name = f"{method} {path} is {' or '.join(map(str, allowed))}"
    try:
        return expect(name, door.ask(method, path).status, *allowed)
    except HTTPError as error:
        return Result(name, str(error))
