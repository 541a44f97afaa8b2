"""What a cluster's own controller is told to serve: the contract's harmless routes, and those of the settings."""

from __future__ import annotations

from components.application.contract import CONTRACTS, DANGERS, Route
from components.settings import Settings

CONTROLLERS = ("gateway", "ingress")
"""The kinds of edge that a controller of the cluster makes real."""


def routes(settings: Settings) -> list[Route]:
    """The routes that are served; one of the settings has no methods, and means every one."""
    contract = CONTRACTS[settings.contract]
    harmless = [route for route in contract.routes if route.access not in DANGERS]
    return [*harmless, *(Route((), path) for path in settings.edge.paths)]


def is_plain(route: Route) -> bool:
    """Whether no segment of its path is variable."""
    return "{}" not in route.path


def url(settings: Settings) -> str:
    """Where a controller is reached under the settings' first host."""
    scheme, usual = ("http", 80) if settings.tls_mode == "off" else ("https", 443)
    host = next(iter(settings.edge.hosts), "<the controller's address>")
    return f"{scheme}://{host}" + ("" if settings.edge.port in (None, usual) else f":{settings.edge.port}")
