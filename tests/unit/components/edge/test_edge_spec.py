"""The description of an edge: what it serves, and for whom."""

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
    found = settings(merged(*configs))
    return edge_spec.describe(found, application.describe(found, "dev"))


def verdict(found: edge_spec.EdgeSpec, call: str) -> str:
    """What becomes of `METHOD:path`, in the order in which HAProxy asks."""
    if any(re.search(pattern, call) for pattern in found.closed):
        return "closed"
    return next((one.verdict for one in found.allowed if re.search(one.pattern, call)), "none")


class TestVerdicts:
    """Which request may pass."""

    def test_by_default_everything_dangerous_is_closed_and_the_rest_is_served(self) -> None:
        found = described()
        for route in ROUTES:
            first = next(one for one in ROUTES if one.path == route.path and set(one.methods) & set(route.methods))
            expected = "closed" if first.access in DANGERS else first.access
            for method in route.methods:
                assert verdict(found, f"{method}:{route.path.replace('{}', 'x')}") == expected

    @pytest.mark.parametrize("group", DANGERS)
    def test_what_is_opened_is_for_known_callers_whatever_authentication_says(self, group: str) -> None:
        found = described(CALLERS, {"edge": {"opened": [group], "authentication": {"required": False}}})
        for route in ROUTES:
            if route.access in DANGERS:
                call = f"{route.methods[0]}:{route.path.replace('{}', 'x')}"
                assert verdict(found, call) == ("authenticated" if route.access == group else "closed")

    def test_a_path_of_ones_own_takes_every_method_of_a_caller(self) -> None:
        found = described(at("edge.paths", ["/reports/{}"]))
        assert verdict(found, "PATCH:/reports/1") == "caller"
        assert verdict(found, "GET:/reports") == "none"

    def test_a_danger_is_closed_even_if_a_path_of_ones_own_matched_it(self) -> None:
        """The rules refuse such a path; if one passed them all the same, it would open nothing."""
        found = settings({})
        found = found.model_copy(update={"edge": found.edge.model_copy(update={"paths": ("/api/v1/{}",)})})
        assert verdict(edge_spec.describe(found, application.describe(found, "dev")), "GET:/api/v1/config") == "closed"


class TestPattern:
    """From a route to a regular expression."""

    @pytest.mark.parametrize("segment", ["a", "A-1", "x.y", "_", "~", "-", "0"])
    def test_a_clean_segment(self, segment: str) -> None:
        assert re.search(edge_spec.pattern(Route(("GET",), "/a/{}/b")), f"GET:/a/{segment}/b")

    @pytest.mark.parametrize(
        "segment", ["", ".", "..", ".x", "a/b", "%2e", "a%2fb", "a;b", "a b", "a\\b", "ä", "a?", "a#"]
    )
    def test_no_other_one(self, segment: str) -> None:
        assert not re.search(edge_spec.pattern(Route(("GET",), "/a/{}/b")), f"GET:/a/{segment}/b")

    def test_nothing_around_it(self) -> None:
        pattern = edge_spec.pattern(Route(("GET", "PUT"), "/a.b"))
        assert re.search(pattern, "PUT:/a.b")
        for call in ("GET:/aXb", "GET:/a.b/", "GET:/a.bc", "XGET:/a.b", "POST:/a.b", "GET:/x/a.b", "GET:/x:/a.b"):
            assert not re.search(pattern, call), call


class TestWhatFollows:
    """From the settings to the rest of the description."""

    def test_defaults(self) -> None:
        found = described()
        assert (found.name, found.scheme, found.port, found.listening_port) == ("mimir-dev-edge", "http", 8080, 8080)
        assert not found.authenticates
        assert not has_callers(settings({}))

    def test_production(self) -> None:
        config = {"runtime": "production", "environment": {"jwtSecret": SECRET}}
        found = described(config)
        assert (found.scheme, found.listening_port) == ("https", 8443)
        assert found.authenticates
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
        found = described(CALLERS, at("environment.jwtSecret", SECRET))
        assert HASH not in repr(found)
        assert SECRET not in repr(found)

    def test_it_waits_for_the_last_answer_before_it_is_killed(self) -> None:
        found = described(at("edge.timeouts.idleSeconds", 20))
        assert found.drain_seconds >= 20 + 30
        assert found.grace_seconds > found.drain_seconds
