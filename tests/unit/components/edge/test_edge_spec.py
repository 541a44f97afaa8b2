"""The specification of an edge: what it serves, and for whom."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.application import application
from components.application.contract import CONTRACTS, DANGERS, Route
from components.edge import edge_spec
from components.validation.edge import has_callers
from tests.support.configuration import at, merged, settings
from tests.support.edge_tables import CALLERS, HASH, PUBLIC_KEY
from tests.support.program import SECRET

ROUTES = CONTRACTS["mimir-b0006f9"].routes


def described(*configs: dict[str, Any]) -> edge_spec.EdgeSpec:
    """The edge of a stack."""
    values = settings(merged(*configs))
    return edge_spec.describe(values, application.describe(values, "dev"))


def verdict(edge: edge_spec.EdgeSpec, call: str) -> str:
    """What the edge decides about `METHOD:path`, in the order of HAProxy's rules."""
    if any(re.search(pattern, call) for pattern in edge.closed):
        return "closed"
    return next((route.verdict for route in edge.allowed if re.search(route.pattern, call)), "none")


class TestVerdicts:
    """Which requests are served."""

    def test_by_default_everything_dangerous_is_closed_and_the_rest_is_served(self) -> None:
        edge = described()
        for route in ROUTES:
            first = next(
                other for other in ROUTES if other.path == route.path and set(other.methods) & set(route.methods)
            )
            expected = "closed" if first.access in DANGERS else first.access
            for method in route.methods:
                assert verdict(edge, f"{method}:{route.path.replace('{}', 'x')}") == expected

    @pytest.mark.parametrize("group", DANGERS)
    def test_what_is_opened_is_for_known_callers_whatever_authentication_says(self, group: str) -> None:
        edge = described(CALLERS, {"edge": {"opened": [group], "authentication": {"required": False}}})
        for route in ROUTES:
            if route.access in DANGERS:
                call = f"{route.methods[0]}:{route.path.replace('{}', 'x')}"
                assert verdict(edge, call) == ("authenticated" if route.access == group else "closed")

    def test_a_path_of_ones_own_takes_every_method_of_a_caller(self) -> None:
        edge = described(at("edge.paths", ["/reports/{}"]))
        assert verdict(edge, "PATCH:/reports/1") == "caller"
        assert verdict(edge, "GET:/reports") == "none"

    def test_a_danger_is_closed_even_if_a_path_of_ones_own_matched_it(self) -> None:
        """Validation rejects such a path; even without it, the path would open nothing."""
        values = settings({})
        values = values.model_copy(update={"edge": values.edge.model_copy(update={"paths": ("/api/v1/{}",)})})
        edge = edge_spec.describe(values, application.describe(values, "dev"))
        assert verdict(edge, "GET:/api/v1/config") == "closed"


class TestPattern:
    """From a route to a regular expression."""

    @pytest.mark.parametrize("segment", ["a", "A-1", "x.y", "_", "~", "-", "0"])
    def test_a_clean_segment(self, segment: str) -> None:
        assert re.search(edge_spec.route_pattern(Route(("GET",), "/a/{}/b")), f"GET:/a/{segment}/b")

    @pytest.mark.parametrize(
        "segment", ["", ".", "..", ".x", "a/b", "%2e", "a%2fb", "a;b", "a b", "a\\b", "ä", "a?", "a#"]
    )
    def test_no_other_one(self, segment: str) -> None:
        assert not re.search(edge_spec.route_pattern(Route(("GET",), "/a/{}/b")), f"GET:/a/{segment}/b")

    def test_nothing_around_it(self) -> None:
        pattern = edge_spec.route_pattern(Route(("GET", "PUT"), "/a.b"))
        assert re.search(pattern, "PUT:/a.b")
        for call in ("GET:/aXb", "GET:/a.b/", "GET:/a.bc", "XGET:/a.b", "POST:/a.b", "GET:/x/a.b", "GET:/x:/a.b"):
            assert not re.search(pattern, call), call


class TestOtherAttributes:
    """From the settings to the other attributes."""

    def test_defaults(self) -> None:
        edge = described()
        assert (edge.name, edge.scheme, edge.port, edge.listening_port) == ("mimir-dev-edge", "http", 8080, 8080)
        assert not edge.authenticates
        assert not has_callers(settings({}))

    def test_production(self) -> None:
        config = {"runtime": "production", "environment": {"jwtSecret": SECRET}}
        edge = described(config)
        assert (edge.scheme, edge.listening_port) == ("https", 8443)
        assert edge.authenticates
        assert has_callers(settings(config))

    def test_a_port_of_its_own(self) -> None:
        assert described(at("edge.port", 443)).port == 443
        assert described(at("environment.port", 9000)).port == 9000

    @pytest.mark.parametrize(
        "config",
        [
            CALLERS,
            at("environment.jwtSecret", SECRET),
            at("edge.authentication.jwt", {"publicKey": PUBLIC_KEY, "issuer": "a", "audience": "b"}),
        ],
    )
    def test_each_way_to_be_known(self, config: dict[str, Any]) -> None:
        assert has_callers(settings(config))

    def test_a_secret_that_is_not_for_tokens_is_not_handed_on(self) -> None:
        config = merged(at("environment.jwtSecret", SECRET), at("edge.authentication.jwt.hs256", False))
        assert described(config).jwt_secret is None
        assert not has_callers(settings(config))

    def test_no_secret_is_shown_by_accident(self) -> None:
        edge = described(CALLERS, at("environment.jwtSecret", SECRET))
        assert HASH not in repr(edge)
        assert SECRET not in repr(edge)

    def test_it_waits_for_the_last_answer_before_it_is_killed(self) -> None:
        edge = described(at("edge.timeouts.idleSeconds", 20))
        assert edge.drain_seconds >= 20 + 30
        assert edge.grace_seconds > edge.drain_seconds
