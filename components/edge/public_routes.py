"""The routes that an ingress or Gateway controller of the cluster serves."""

from __future__ import annotations

from components.application.contract import CONTRACTS, DANGERS, Route
from components.settings import Settings

CONTROLLERS = ("gateway", "ingress")
"""Values of `edge.kind` that a controller of the cluster implements."""


def served_routes(settings: Settings) -> list[Route]:
    """The contract's routes without the dangerous ones, and those of `edge.paths`, which have no methods: all match."""
    contract = CONTRACTS[settings.contract]
    safe_routes = [route for route in contract.routes if route.access not in DANGERS]
    return [*safe_routes, *(Route((), path) for path in settings.edge.paths)]


def is_plain(route: Route) -> bool:
    """Whether no segment of its path is variable."""
    return "{}" not in route.path


def controller_url(settings: Settings) -> str:
    """The URL of the controller, with the first of `edge.hosts`."""
    scheme, default_port = ("http", 80) if settings.tls_mode == "off" else ("https", 443)
    host = next(iter(settings.edge.hosts), "<the controller's address>")
    return f"{scheme}://{host}" + ("" if settings.edge.port in (None, default_port) else f":{settings.edge.port}")
