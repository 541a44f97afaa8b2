"""What the edge's settings must fulfil together, and what its user is told: each rule trips, passes, and is mended."""

from __future__ import annotations

from typing import Any

import pytest

from components.application.contract import CONTRACTS, DANGERS
from components.edge.haproxy import memory
from components.validation import warnings
from tests.support.configuration import after, at, fixable, load, merged, problem, problems, refusal, settings
from tests.support.edge_tables import CALLERS, CRYPT, HASH, PUBLIC_KEY
from tests.support.program import SECRET
from tests.support.settings_tables import CLUSTER, GOOD, every_setting, is_below

REQUIRED = at("edge.authentication.required", True)
ENCRYPTED = at("edge.tls.mode", "selfSigned")
PRODUCTION = {"runtime": "production", "environment": {"jwtSecret": SECRET}}
NO_EDGE = at("edge.kind", "none")


def edge(**said: Any) -> dict[str, Any]:
    """A stack that says only this of its edge."""
    return {"edge": said}


FIXED_BY_A_COMMAND = [
    pytest.param("edge.opened[0]", merged(CALLERS, edge(opened=["everything"])), id="a group that is none"),
    pytest.param("edge.opened[1]", merged(CALLERS, edge(opened=["config", "Config"])), id="a group in capitals"),
    pytest.param("edge.kind", edge(kind="ingress"), id="an ingress on an engine"),
    pytest.param("edge.redirectPort", edge(redirectPort=80), id="a redirect to nothing"),
    pytest.param("edge.redirectPort", merged(ENCRYPTED, edge(port=443, redirectPort=443)), id="a redirect to itself"),
    pytest.param("edge.redirectPort", merged(ENCRYPTED, edge(redirectPort=8080)), id="the default port as a redirect"),
    pytest.param("docker.metricsPort", at("docker.metricsPort", 8080), id="figures at the front door"),
    pytest.param(
        "docker.metricsPort", merged(edge(port=9090), at("docker.metricsPort", 9090)), id="figures at its own"
    ),
    pytest.param(
        "docker.metricsPort",
        merged(ENCRYPTED, edge(redirectPort=80), at("docker.metricsPort", 80)),
        id="figures at the redirect",
    ),
    pytest.param(
        "edge.authentication.users.ci", edge(authentication={"apiKeys": {"ci": HASH}, "users": {"ci": CRYPT}}), id="two"
    ),
    pytest.param(
        'edge.authentication.users["a@b.c"]',
        edge(authentication={"apiKeys": {"a@b.c": HASH}, "users": {"a@b.c": CRYPT}}),
        id="two of a name with a dot",
    ),
    *(
        pytest.param("edge.paths[1]", edge(paths=["/fine", path]), id=path)
        for path in (
            "/api/v1/config",
            "/api/v1/{}",
            "/{}/v1/config",
            "/{}/{}/{}",
            "/api/v1/config/save",
            "/api/v1/config/{}",
            "/api/v1/{}/execute",
            "/mcp/tools/{}",
            "/api/v1/protected/anything",
            "/api/v1/protected/scheduler/jobs",
            "/api/v1/auth/login",
            "/API/v1/Config",
        )
    ),
]


@pytest.mark.parametrize(("key", "config"), FIXED_BY_A_COMMAND)
def test_a_broken_rule_names_its_key_and_a_command_that_mends_it(key: str, config: dict[str, Any]) -> None:
    fixable(key, config)


@pytest.mark.parametrize(
    "config",
    [
        REQUIRED | CALLERS,
        merged(REQUIRED, CALLERS),
        merged(REQUIRED, edge(authentication={"users": {"bob": CRYPT}})),
        merged(REQUIRED, at("environment.jwtSecret", SECRET)),
        merged(
            REQUIRED,
            edge(authentication={"jwt": {"hs256": False, "publicKey": PUBLIC_KEY, "issuer": "a", "audience": "b"}}),
        ),
        PRODUCTION,
        merged(PRODUCTION, CALLERS, at("edge.authentication.jwt.hs256", False)),
        merged(CALLERS, edge(opened=list(DANGERS))),
        merged(ENCRYPTED, edge(port=443, redirectPort=80), at("docker.metricsPort", 9090)),
        edge(paths=["/reports", "/api/v1/reports/{}", "/api/v1/config/a/b", "/api/v2/config", "/mcp/{}"]),
        edge(timeouts={"responseSeconds": 1}),
        edge(authentication={"jwt": {"hs256": True}}),
        merged({"liveReload": "true"}, edge(paths=["/api/v1/answer"])),
        NO_EDGE,
        merged(NO_EDGE, PRODUCTION),
        merged(CLUSTER, NO_EDGE),
    ],
)
def test_what_keeps_to_the_rules_passes(config: dict[str, Any]) -> None:
    assert settings(config)


class TestNobodyCouldProveWhoTheyAre:
    """A login that nobody has."""

    @pytest.mark.parametrize(
        "config",
        [REQUIRED, merged(REQUIRED, at("environment.jwtSecret", SECRET), at("edge.authentication.jwt.hs256", False))],
    )
    def test_the_ways_are_named(self, config: dict[str, Any]) -> None:
        found = problem(config)
        assert found.key == "mimir:edge.authentication.required"
        for way in ("apiKeys", "users", "publicKey", "environment.jwtSecret"):
            assert way in found.allowed
        assert found.fix.startswith("make api-key NAME=ci")
        assert settings(merged(config, CALLERS))

    def test_what_is_open_to_known_callers_only_would_be_open_to_nobody(self) -> None:
        found = problem(edge(opened=["config"]))
        assert found.key == "mimir:edge.opened"
        assert found.fix.startswith("make api-key NAME=ci")

    def test_in_production_the_secret_that_it_wants_is_one(self) -> None:
        assert problem({"runtime": "production"}).key == "mimir:environment.jwtSecret"
        config = {"runtime": "production", "edge": {"authentication": {"jwt": {"hs256": False}}}}
        assert {one.key for one in refusal(config).problems} == {
            "mimir:environment.jwtSecret",
            "mimir:edge.authentication.required",
        }


def test_an_engine_has_no_gateway() -> None:
    config = edge(kind="gateway")
    [found] = [one for one in problems(config) if one.key == "mimir:edge.kind"]
    assert load(after(found.fix, config))


def test_every_group_is_named_where_one_is_wrong() -> None:
    allowed = problem(merged(CALLERS, edge(opened=["all"]))).allowed
    assert all(group in allowed for group in DANGERS)


def test_a_dangerous_path_is_named_with_its_group() -> None:
    found = problem(edge(paths=["/api/v1/{}"]))
    assert "/api/v1/config (group config)" in found.found
    assert "`edge.opened`" in found.allowed


def test_every_dangerous_path_is_refused_as_a_path_of_ones_own() -> None:
    routes = [route for route in CONTRACTS["mimir-b0006f9"].routes if route.access in DANGERS]
    assert len(routes) > 5
    for path in {route.path for route in routes} | {route.path.replace("{}", "x") for route in routes}:
        assert [one.key for one in problems(edge(paths=[path]))] == ["mimir:edge.paths[0]"], path


def _of_an_edge() -> list[Any]:
    """Every setting that only an edge has a use for, with a value that is not its default."""
    found = []
    for key, field in every_setting().items():
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        if is_below(key, ("edge", "docker.metricsPort")) and key != "edge.kind":
            found.append(pytest.param(key, next(value for value in GOOD[key] if value != default), id=key))
    return found


@pytest.mark.parametrize(("key", "value"), _of_an_edge())
def test_what_only_an_edge_honours_is_refused_without_one(key: str, value: Any) -> None:
    config = merged(at(key, value), NO_EDGE)
    found = [one for one in problems(config) if one.key == f"mimir:{key}"]
    assert found, f"{key} is lost in silence"
    assert any("`edge.kind: none`" in one.found for one in found)
    assert not [one for one in problems(after(found[-1].fix, config)) if one.key == f"mimir:{key}"]


@pytest.mark.parametrize("key", ["kubernetes.edgeReplicas", "kubernetes.dnsSeconds", "network.monitoring"])
def test_what_only_an_edge_on_a_cluster_honours_is_refused_without_one(key: str) -> None:
    found = problem(merged(CLUSTER, NO_EDGE, at(key, GOOD[key][-1] if key != "kubernetes.dnsSeconds" else 1)))
    assert found.key == f"mimir:{key}"


def test_everything_is_in_one_error() -> None:
    config = edge(
        opened=["all"],
        paths=["/api/v1/config"],
        redirectPort=8080,
        authentication={"required": True, "jwt": {"publicKey": "-----BEGIN PUBLIC KEY-----"}},
        tls={"issuer": "letsencrypt"},
    )
    assert {one.key for one in refusal(config).problems} == {
        "mimir:edge.opened[0]",
        "mimir:edge.paths[0]",
        "mimir:edge.redirectPort",
        "mimir:edge.tls.issuer",
        *(f"mimir:edge.authentication.jwt.{key}" for key in ("publicKey", "issuer", "audience")),
    }


@pytest.mark.parametrize("name", ["", "a b", "-a", "a:b", "a\nb", "x" * 64, "ä"])
@pytest.mark.parametrize("section", ["apiKeys", "users"])
def test_a_name_that_cannot_stand_in_a_header_is_refused(section: str, name: str) -> None:
    found = problem(edge(authentication={section: {name: HASH if section == "apiKeys" else CRYPT}}))
    assert found.key == f"mimir:edge.authentication.{section}"
    assert found.found.startswith("the name ")
    assert HASH not in str(found)
    assert CRYPT not in str(found)


class TestSecrets:
    """Hashes are secrets as well: they can be guessed at leisure."""

    @pytest.mark.parametrize(
        ("key", "value"), [("apiKeys", {"ci": HASH}), ("users", {"bob": CRYPT})], ids=["a key", "a password"]
    )
    def test_one_in_plain_text_is_refused_and_not_repeated(self, key: str, value: dict[str, str]) -> None:
        error = refusal(edge(authentication={key: value}), encrypted=[])
        assert [one.key for one in error.problems] == [f"mimir:edge.authentication.{key}"]
        assert all(secret not in str(error) for secret in value.values())


class TestWarnings:
    """What is valid, and has a price."""

    @staticmethod
    def said(*configs: dict[str, Any]) -> list[str]:
        """The warnings about the edge and who reaches it, by their keys."""
        collected = warnings.collect_warnings(settings(merged(*configs)))
        about = ("mimir:edge.", "mimir:docker.", "mimir:kubernetes.serviceType")
        return [one for one in collected if one.startswith(about)]

    def test_on_this_machine_alone_there_is_nothing_to_say(self) -> None:
        assert self.said({}) == []
        assert self.said(CLUSTER) == []

    @pytest.mark.parametrize(
        ("config", "where"),
        [
            (merged(at("docker.bindAddress", "192.0.2.5"), edge(port=8443)), "192.0.2.5:8443"),
            (merged(CLUSTER, at("kubernetes.serviceType", "NodePort")), "NodePort"),
            (merged(CLUSTER, at("kubernetes.serviceType", "LoadBalancer")), "LoadBalancer"),
        ],
    )
    def test_a_service_without_a_login_that_others_reach(self, config: dict[str, Any], where: str) -> None:
        [said] = self.said(config)
        assert said.startswith("mimir:edge.authentication.required: ")
        assert where in said
        assert self.said(config, REQUIRED, CALLERS) == []

    def test_without_an_edge_the_application_is_what_is_reached(self) -> None:
        said = self.said(NO_EDGE, at("docker.bindAddress", "192.0.2.5"))
        assert any(
            warning.startswith("mimir:docker.bindAddress: the application authenticates nobody") for warning in said
        )
        [warning] = self.said(NO_EDGE, CLUSTER, at("kubernetes.serviceType", "NodePort"))
        assert warning.startswith("mimir:kubernetes.serviceType: the application authenticates nobody")

    @pytest.mark.parametrize(("mode", "word"), [("off", "can be read on the way"), ("selfSigned", "no client trusts")])
    def test_encryption_in_production(self, mode: str, word: str) -> None:
        [said] = self.said(PRODUCTION, at("edge.tls.mode", mode))
        assert said.startswith("mimir:edge.tls.mode: ")
        assert word in said
        assert self.said(at("edge.tls.mode", mode)) == [], "in development that is what one expects"

    def test_the_default_of_production_is_named_too(self) -> None:
        assert [one.partition(": ")[0] for one in self.said(PRODUCTION)] == ["mimir:edge.tls.mode"]

    def test_what_is_opened_is_said_with_what_it_does(self) -> None:
        found = self.said(CALLERS, edge(opened=["tools", "config"]))
        assert len(found) == 2
        for group in ("config", "tools"):
            assert any(one.startswith(f"mimir:edge.opened: {group} {DANGERS[group]}") for one in found)


class TestTokens:
    """A provider signs the tokens of every service with the same key (RFC 8725, section 3.9)."""

    @pytest.mark.parametrize("given", [{}, {"issuer": "https://login.example.com"}, {"audience": "mimir"}])
    def test_a_public_key_wants_issuer_and_audience(self, given: dict[str, str]) -> None:
        config = edge(authentication={"jwt": {"publicKey": PUBLIC_KEY, **given}})
        missing = {"issuer", "audience"} - given.keys()
        assert {one.key for one in problems(config)} == {f"mimir:edge.authentication.jwt.{key}" for key in missing}

    def test_a_shared_secret_does_not(self) -> None:
        assert not problems(merged(REQUIRED, at("environment.jwtSecret", SECRET)))


class TestMemory:
    """The edge takes no more connections than its memory can hold."""

    def test_the_default_holds_all(self) -> None:
        assert not [one for one in warnings.collect_warnings(settings({})) if one.startswith("mimir:edge.memoryMib")]

    def test_too_little_is_said_with_what_is_enough(self) -> None:
        small = settings(edge(memoryMib=64))
        [said] = [one for one in warnings.collect_warnings(small) if one.startswith("mimir:edge.memoryMib")]
        assert memory.max_connections(small.edge) < 2000
        assert f"hold {memory.max_connections(small.edge)} of 2000 connections" in said
        enough = settings(edge(memoryMib=memory.required_mib(small.edge)))
        assert memory.max_connections(enough.edge) == 2000
        assert f"{enough.edge.memory_mib} MiB hold all" in said

    def test_one_address_that_may_take_all_is_said_in_production(self) -> None:
        config = merged(PRODUCTION, edge(maxConnections=500))
        assert [one for one in warnings.collect_warnings(settings(config)) if "connectionsPerClient" in one]
