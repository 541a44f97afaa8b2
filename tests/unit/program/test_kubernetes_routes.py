"""The front door that a controller of the cluster makes real: an HTTPRoute or an Ingress, and what neither can do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.application.contract import CONTRACTS, DANGERS
from components.edge.edge_spec import route_pattern
from components.edge.public_routes import served_routes
from components.problems import Problem
from tests.support import configuration, monitor, program
from tests.support.configuration import after, at, fixable, load, merged, problems
from tests.support.network_policies import policies
from tests.support.program import SECRET, Run
from tests.support.property_wire import Secret
from tests.support.settings_tables import CLUSTER, GOOD, every_setting

GATEWAY: dict[str, Any] = at("edge", {"kind": "gateway", "gateway": {"name": "public"}})
INGRESS: dict[str, Any] = at("edge.kind", "ingress")
CONTRACT = CONTRACTS["mimir-b0006f9"]
DANGEROUS = [route for route in CONTRACT.routes if route.access in DANGERS]
HOSTS = at("edge.hosts", ["mimir.example.com"])


def run(*sections: dict[str, Any]) -> Run:
    """A stack for a cluster that says this."""
    return program.run(merged(CLUSTER, *sections))


def served(found: Run, method: str, path: str) -> bool:
    """Whether the HTTPRoute sends a request to the application."""
    return any(_matches(one, method, path) for rule in spec(found)["rules"] for one in rule["matches"])


def _matches(one: dict[str, Any], method: str, path: str) -> bool:
    if one.get("method", method) != method:
        return False
    wanted = one["path"]["value"]
    if one["path"]["type"] == "RegularExpression":
        return re.fullmatch(wanted, path) is not None
    return bool(wanted == path)


def spec(found: Run, kind: str = "HTTPRoute") -> dict[str, Any]:
    """The specification of the route."""
    wanted: dict[str, Any] = found.one(kind, "mimir-route")["spec"]
    return wanted


class TestBoth:
    """What holds for either."""

    @pytest.mark.parametrize("kind", [GATEWAY, INGRESS], ids=["gateway", "ingress"])
    def test_no_pod_of_ours_stands_in_front_and_the_application_has_an_address(self, kind: dict[str, Any]) -> None:
        found = run(kind, at("network.ingress", [{"namespace": "controllers"}]))
        assert [one.name for one in found.resources if one.options.type.endswith(":Deployment")] == ["mimir"]
        service = found.one("Service", "mimir-service")["spec"]
        assert service["type"] == "ClusterIP" and "clusterIP" not in service
        [rule] = policies(found)["ingress"]["ingress"]
        assert rule["from"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] == "controllers"

    @pytest.mark.parametrize("kind", [GATEWAY, INGRESS], ids=["gateway", "ingress"])
    def test_what_is_not_limited_is_said_once(self, kind: dict[str, Any]) -> None:
        said = [text for text in run(kind).warnings if "authenticates nobody" in text]
        assert len(said) == 1 and said[0].startswith("mimir:edge.kind: ")
        assert any(text.startswith("mimir:network.ingress: nobody") for text in run(kind).warnings)

    def test_no_route_that_is_served_is_a_dangerous_one_too(self) -> None:
        """HAProxy takes the first that matches; a controller has an order of its own."""
        for route in served_routes(configuration.settings(merged(CLUSTER, GATEWAY))):
            for dangerous in DANGEROUS:
                example = dangerous.path.replace("{}", "x")
                for method in dangerous.methods:
                    assert not re.fullmatch(route_pattern(route), f"{method}:{example}"), (route, dangerous)

    @pytest.mark.parametrize(
        ("edge", "url"),
        [
            ({}, "http://<the controller's address>"),
            ({"hosts": ["mimir.example.com", "other.example.com"]}, "http://mimir.example.com"),
            ({"hosts": ["mimir.example.com"], "port": 8080}, "http://mimir.example.com:8080"),
            ({"hosts": ["mimir.example.com"], "port": 80}, "http://mimir.example.com"),
        ],
    )
    def test_the_url_is_the_first_hosts(self, edge: dict[str, Any], url: str) -> None:
        found = run(GATEWAY, {"edge": edge})
        assert found.outputs["url"] == url
        assert found.outputs["health"] == f"curl -fsS {url}/health"


class TestGateway:
    """An HTTPRoute (Gateway API)."""

    def test_it_hangs_on_the_gateway_that_the_settings_name(self) -> None:
        own = {"name": "public", "namespace": "gateways", "section": "https"}
        found = spec(run({"edge": {"kind": "gateway", "gateway": own}}, HOSTS))
        assert found["parentRefs"] == [{"name": "public", "namespace": "gateways", "sectionName": "https"}]
        assert found["hostnames"] == ["mimir.example.com"]
        assert spec(run(GATEWAY))["parentRefs"] == [{"name": "public"}]
        assert "hostnames" not in spec(run(GATEWAY))

    def test_it_sends_what_is_served_to_the_applications_service(self) -> None:
        found = run(GATEWAY, {"environment": {"port": 9000}, "edge": {"timeouts": {"responseSeconds": 60}}})
        for rule in spec(found)["rules"]:
            assert rule["backendRefs"] == [{"name": "mimir-dev", "port": 9000}]
            assert rule["timeouts"] == {"request": "60s"}

    def test_every_harmless_route_is_served_and_no_dangerous_one(self) -> None:
        found = run(GATEWAY)
        for route in CONTRACT.routes:
            for method in route.methods:
                assert served(found, method, route.path.replace("{}", "one")) is (route.access not in DANGERS)
        assert not served(found, "DELETE", "/health")
        assert not served(found, "GET", "/api/v1/pipelines/..")
        assert not served(found, "GET", "/api/v1/pipelines/a/b")

    def test_a_path_of_the_settings_is_served_with_every_method(self) -> None:
        found = run(GATEWAY, at("edge.paths", ["/api/v1/reports/{}"]))
        assert served(found, "PATCH", "/api/v1/reports/7")

    def test_no_rule_has_more_matches_than_the_first_stable_api_takes(self) -> None:
        rules = spec(run(GATEWAY))["rules"]
        assert len(rules) <= 16
        assert all(1 <= len(rule["matches"]) <= 8 for rule in rules)


class TestIngress:
    """An Ingress."""

    def test_it_has_whole_paths_only_because_a_prefix_would_open_what_is_dangerous(self) -> None:
        [rule] = spec(run(INGRESS), "Ingress")["rules"]
        paths = rule["http"]["paths"]
        assert {one["pathType"] for one in paths} == {"Exact"}
        listed = [one["path"] for one in paths]
        assert "/health" in listed and "/api/v1/pipelines" in listed
        assert len(listed) == len(set(listed))
        assert not {route.path for route in DANGEROUS} & set(listed)
        backend = {"service": {"name": "mimir-dev", "port": {"name": "http"}}}
        assert all(one["backend"] == backend for one in paths)

    def test_what_it_cannot_serve_is_said(self) -> None:
        [said] = [text for text in run(INGRESS).warnings if "are not served" in text]
        assert "/api/v1/pipelines/{}" in said and "any method passes" in said

    def test_class_and_hosts_are_the_settings(self) -> None:
        found = spec(run(INGRESS, HOSTS, at("edge.ingressClass", "nginx")), "Ingress")
        assert found["ingressClassName"] == "nginx"
        assert [one["host"] for one in found["rules"]] == ["mimir.example.com"]
        usual = spec(run(INGRESS), "Ingress")
        assert "ingressClassName" not in usual and "host" not in usual["rules"][0] and "tls" not in usual

    def test_a_certificate_of_its_own_is_in_a_secret_of_the_kind_that_controllers_read(self) -> None:
        found = run(INGRESS, HOSTS, at("edge.tls.mode", "selfSigned"))
        secret = found.resource("Secret", "mimir-dev-edge-tls")
        assert secret.inputs["type"] == "kubernetes.io/tls"
        certificate = monitor.CERTIFICATE
        assert secret.inputs["stringData"] == Secret({"tls.crt": certificate["chain"], "tls.key": certificate["key"]})
        [tls] = spec(found, "Ingress")["tls"]
        assert tls == {"hosts": ["mimir.example.com"], "secretName": f"{secret.name}-{monitor.SUFFIX}"}
        assert found.outputs["url"] == "https://mimir.example.com"

    def test_cert_managers_is_in_its_own_secret(self) -> None:
        found = run(INGRESS, HOSTS, at("edge.tls", {"mode": "certManager", "issuer": "letsencrypt"}))
        asked = found.one("Certificate", "mimir-route-issued")["spec"]
        [tls] = spec(found, "Ingress")["tls"]
        assert tls["secretName"] == asked["secretName"]


def named(found: tuple[Problem, ...], key: str) -> list[Problem]:
    """The problems of one key."""
    return [one for one in found if one.key == f"mimir:{key}"]


class TestRules:
    """What a controller cannot do is an error, and never lost in silence."""

    @pytest.mark.parametrize("kind", [GATEWAY, INGRESS], ids=["gateway", "ingress"])
    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("edge.authentication.apiKeys", {"ci": "a" * 64}),
            ("edge.authentication.users", {"ann": "$6$salt$hash"}),
            ("edge.authentication.jwt.issuer", "https://login.example.com"),
            ("edge.rateLimit.requestsPerClient", 5),
            ("edge.corsOrigins", ["https://app.example.com"]),
            ("edge.trustedProxies", ["10.0.0.0/8"]),
            ("edge.affinity", False),
            ("edge.retries", 1),
            ("edge.errorLimit", 5),
            ("edge.maxBodyKib", 5),
            ("edge.maxConnections", 50),
            ("edge.timeouts.idleSeconds", 5),
            ("edge.redirectPort", 80),
            ("edge.tls.minimum", "1.3"),
            ("edge.tls.hstsSeconds", 0),
            ("edge.image", "mirror.example.com/haproxy"),
            ("edge.memoryMib", 256),
            ("edge.opened", ["config"]),
            ("kubernetes.edgeReplicas", 3),
            ("kubernetes.dnsSeconds", 5),
            ("kubernetes.serviceType", "NodePort"),
            ("network.monitoring", [{"namespace": "monitoring"}]),
        ],
    )
    def test_it_is_refused_with_its_key(self, kind: dict[str, Any], key: str, value: Any) -> None:
        config = merged(CLUSTER, kind, at(key, value))
        found = named(problems(config), key)[0]
        assert found.found == f"a setting without an effect with `edge.kind: {kind['edge']['kind']}`"
        assert not named(problems(after(found.fix, config)), key)

    @pytest.mark.parametrize("kind", [GATEWAY, INGRESS], ids=["gateway", "ingress"])
    def test_production_wants_a_login_which_no_controller_has(self, kind: dict[str, Any]) -> None:
        config = merged(CLUSTER, kind, {"runtime": "production", "environment": {"jwtSecret": SECRET}})
        assert "production wants them" in fixable("edge.authentication.required", config).found

    def test_a_gateway_holds_its_own_certificate(self) -> None:
        config = merged(CLUSTER, GATEWAY, at("edge.tls.mode", "selfSigned"))
        assert named(problems(config), "edge.tls.mode")
        assert load(merged(CLUSTER, GATEWAY, at("edge.tls.mode", "off")))

    def test_a_gateway_is_named(self) -> None:
        config = merged(CLUSTER, at("edge.kind", "gateway"))
        fixable("edge.gateway.name", config)

    def test_an_ingress_takes_no_variable_segment(self) -> None:
        config = merged(CLUSTER, INGRESS, at("edge.paths", ["/api/v1/reports", "/api/v1/reports/{}"]))
        fixable("edge.paths[1]", config)

    @pytest.mark.parametrize(
        ("kind", "key"),
        [
            (INGRESS, "edge.gateway.name"),
            (GATEWAY, "edge.ingressClass"),
            ({}, "edge.gateway.section"),
            ({}, "edge.ingressClass"),
        ],
    )
    def test_each_has_settings_of_its_own(self, kind: dict[str, Any], key: str) -> None:
        assert named(problems(merged(CLUSTER, kind, at(key, "public"))), key)

    @pytest.mark.parametrize("kind", [GATEWAY, INGRESS], ids=["gateway", "ingress"])
    @pytest.mark.parametrize("key", [key for key in every_setting() if key.startswith("edge.") and key in GOOD])
    def test_every_setting_of_the_edge_changes_something_or_is_refused(self, kind: dict[str, Any], key: str) -> None:
        """Except those that say what is so anyway."""
        usual = {"edge.kind", "edge.authentication.required", "edge.tls.mode"}
        if key in usual:
            return
        before = _of(run(kind))
        configs = [merged(CLUSTER, kind, at(key, value)) for value in GOOD[key]]
        assert any(problems(config) or _of(program.run(config)) != before for config in configs)


def _of(found: Run) -> Any:
    return [one.inputs for one in found.resources], found.outputs
