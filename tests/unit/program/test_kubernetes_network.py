"""Who may reach a stack on a cluster, whom it may reach, where it is reached, and what its user is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import monitor, program
from tests.support.configuration import at, merged
from tests.support.network_policies import DNS, pods, policies
from tests.support.program import Run
from tests.support.property_wire import Secret
from tests.support.settings_tables import CLUSTER, SHARED


def run(*sections: dict[str, Any], preview: bool = False) -> Run:
    """A stack for a cluster that says this."""
    return program.run(merged(CLUSTER, *sections), preview=preview)


def bare(*sections: dict[str, Any], preview: bool = False) -> Run:
    """The same without an edge: the application itself is the front door."""
    return run(at("edge.kind", "none"), *sections, preview=preview)


class TestPolicies:
    """Everything is denied; what is needed is allowed."""

    def test_everybody_in_the_namespace_is_denied_everything(self, on_cluster: Run) -> None:
        denied = policies(on_cluster)["default-deny"]
        assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

    def test_in_an_existing_namespace_the_pods_of_others_are_left_alone(self) -> None:
        found = run(at("kubernetes", {"namespace": "team", "createNamespace": False}))
        assert policies(found)["default-deny"] == {
            "podSelector": {"matchLabels": {"app.kubernetes.io/instance": "mimir-dev"}},
            "policyTypes": ["Ingress", "Egress"],
        }

    def test_unless_asked_only_names_are_looked_up_and_nobody_comes_in(self) -> None:
        found = policies(bare())
        assert set(found) == {"default-deny", "egress"}
        assert found["egress"]["policyTypes"] == ["Egress"]
        assert found["egress"]["egress"] == [DNS]

    def test_they_are_about_the_applications_pods(self, on_cluster: Run) -> None:
        labels = {
            "app.kubernetes.io/name": "mimir",
            "app.kubernetes.io/instance": on_cluster.outputs["workload"],
            "app.kubernetes.io/component": "application",
        }
        assert policies(on_cluster)["egress"]["podSelector"] == {"matchLabels": labels}
        opened = policies(bare(at("network.ingress", [{"namespace": "edge"}])))["ingress"]["podSelector"]
        assert opened == {"matchLabels": {**labels, "app.kubernetes.io/instance": "mimir-dev"}}

    def test_no_pod_runs_before_it_is_fenced_in(self, on_cluster: Run) -> None:
        workloads = [one for one in on_cluster.resources if one.options.type == "mimir:kubernetes:Workload"]
        assert [one.name for one in workloads] == ["mimir", "mimir-edge"]
        policies = {f"mimir-policies-{name}" for name in ("default-deny", "egress", "edge-ingress", "edge-egress")}
        [edge] = [one for one in on_cluster.resources if one.options.type == "mimir:kubernetes:Edge"]
        assert policies <= workloads[0].waits_for
        assert policies <= edge.waits_for

    def test_dns_is_where_the_settings_say(self) -> None:
        found = run({"network": {"dnsNamespace": "dns", "dnsLabels": {"app": "coredns"}}})
        [rule] = policies(found)["egress"]["egress"]
        assert [one["podSelector"]["matchLabels"]["app"] for one in rule["to"]] == ["coredns"]
        assert rule["to"][0]["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "dns"}}

    @pytest.mark.parametrize(
        ("peer", "rendered"),
        [
            ({"namespace": "edge"}, pods({}, "edge")),
            ({"podLabels": {"app": "db"}}, pods({"app": "db"})),
            ({"namespace": "edge", "podLabels": {"app": "proxy"}}, pods({"app": "proxy"}, "edge")),
            ({"cidr": "10.0.0.0/8"}, {"ipBlock": {"cidr": "10.0.0.0/8"}}),
        ],
        ids=["namespace", "pods here", "pods there", "addresses"],
    )
    def test_a_peer_is_exactly_what_the_settings_name(self, peer: dict[str, Any], rendered: dict[str, Any]) -> None:
        found = policies(bare({"network": {"ingress": [peer], "egress": [peer]}, "environment": {"port": 9000}}))
        assert found["egress"]["egress"] == [DNS, {"to": [rendered]}], "every port"
        assert found["ingress"]["policyTypes"] == ["Ingress"]
        [rule] = found["ingress"]["ingress"]
        assert rule == {"from": [rendered], "ports": [{"protocol": "TCP", "port": 9000}]}

    def test_ports_narrow_a_target(self) -> None:
        target = {"cidr": "10.1.0.0/16", "ports": [443, 5432]}
        [_, rule] = policies(run({"network": {"egress": [target]}}))["egress"]["egress"]
        assert rule["ports"] == [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 5432}]

    def test_several_peers_are_alternatives(self) -> None:
        found = policies(bare({"network": {"ingress": [{"namespace": "a"}, {"namespace": "b"}]}}))
        [rule] = found["ingress"]["ingress"]
        assert rule["from"] == [pods({}, "a"), pods({}, "b")]


class TestService:
    """One address without an edge, and the outputs that say it."""

    def test_it_is_one_port_on_the_pods_that_are_ready(self) -> None:
        spec = bare(at("environment.port", 9000)).one("Service", "mimir-service")["spec"]
        assert spec["type"] == "ClusterIP", "the application authenticates nobody"
        [port] = spec["ports"]
        assert (port["port"], port["targetPort"], port["protocol"]) == (9000, "http", "TCP")
        assert "publishNotReadyAddresses" not in spec

    def test_inside_the_cluster_it_is_visited_by_forwarding(self) -> None:
        found = bare({"environment": {"port": 9000}, "probe": {"path": "/alive"}, "kubernetes": {"namespace": "own"}})
        kubectl = "kubectl --context test --namespace own"
        assert found.outputs["url"] == "http://mimir-dev.own.svc:9000"
        assert found.outputs["service"] == "mimir-dev.own.svc:9000"
        assert found.outputs["forward"] == f"{kubectl} port-forward service/mimir-dev 9000:9000"
        assert found.outputs["health"].startswith("curl -fsS http://127.0.0.1:9000/alive ")
        labels = {"name": "mimir", "instance": "mimir-dev", "component": "application"}
        selector = ",".join(f"app.kubernetes.io/{key}={value}" for key, value in labels.items())
        assert found.outputs["logs"] == f"{kubectl} logs --follow --selector {selector}"

    def test_a_port_of_the_nodes_is_in_the_url(self) -> None:
        found = bare(at("kubernetes.serviceType", "NodePort"))
        assert found.outputs["url"] == f"http://127.0.0.1:{monitor.NODE_PORT}"
        assert found.outputs["health"] == f"curl -fsS http://127.0.0.1:{monitor.NODE_PORT}/health"
        assert "forward" not in found.outputs

    def test_on_other_machines_it_is_any_nodes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("components.kubernetes.cluster.kubeconfig.Access.is_local", property(lambda _: False))
        found = bare(at("kubernetes.serviceType", "NodePort"))
        assert found.outputs["url"] == f"http://<any node>:{monitor.NODE_PORT}"

    @pytest.mark.parametrize("balancer", [{"hostname": "edge.example.com"}, {"ip": "203.0.113.7"}])
    def test_a_balancers_address_is_in_the_url(self, balancer: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(monitor, "BALANCER", balancer)
        found = bare(at("kubernetes.serviceType", "LoadBalancer"), at("environment.port", 9000))
        assert found.outputs["url"] == f"http://{next(iter(balancer.values()))}:9000"

    @pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
    def test_a_preview_does_not_make_a_port_up(self, kind: str) -> None:
        found = bare(at("kubernetes.serviceType", kind), preview=True)
        assert found.outputs["url"] == "http://127.0.0.1:<its port>"

    @pytest.mark.parametrize(("kind", "waits"), [("ClusterIP", False), ("NodePort", False), ("LoadBalancer", True)])
    def test_only_an_address_from_outside_is_waited_for(self, kind: str, waits: bool) -> None:
        annotations = bare(at("kubernetes.serviceType", kind)).one("Service", "mimir-service")["metadata"][
            "annotations"
        ]
        assert ("pulumi.com/skipAwait" not in annotations) is waits

    def test_the_outputs_name_what_was_made(self, on_cluster: Run) -> None:
        name = on_cluster.one("Deployment", "mimir")["metadata"]["name"]
        assert on_cluster.outputs["workload"] == name
        claims = {f"{name}-{volume}" for volume in ("data", "logs", "plugins")}
        assert set(on_cluster.outputs["volumes"].values()) > claims
        assert on_cluster.outputs["platforms"] == ["linux/amd64", "linux/arm64"]
        assert not [key for key, value in on_cluster.outputs.items() if isinstance(value, Secret)]
        assert "container" not in on_cluster.outputs


class TestWarnings:
    """What is valid, and costs something."""

    @staticmethod
    def keys(found: Run) -> set[str]:
        """The keys that are warned of."""
        return {text.split(":")[1] for text in found.warnings if text.startswith("mimir:")}

    def test_volumes_with_one_writer_are_an_interruption(self) -> None:
        assert "volumes.data.accessMode" in self.keys(run())
        assert "volumes.logs.accessMode" in self.keys(run(SHARED, at("volumes.logs.accessMode", "ReadWriteOncePod")))
        assert not {key for key in self.keys(run(SHARED)) if key.startswith("volumes")}

    def test_so_is_a_database(self) -> None:
        said = run(SHARED, at("environment.dbPath", "/app/data/mimir.db")).warnings
        assert any(text.startswith("mimir:environment.dbPath: only one pod may write") for text in said)

    def test_several_pods_do_not_share_what_is_in_memory(self, staging: Run, prod: Run) -> None:
        assert "kubernetes.replicas" not in self.keys(staging)
        assert "kubernetes.replicas" in self.keys(prod)
        assert any("scheduler jobs" in text for text in prod.warnings)
        assert any("scheduler jobs" in text for text in run(SHARED, at("autoscaling.maxReplicas", 2)).warnings)

    def test_nobody_who_may_connect_is_said(self, on_cluster: Run) -> None:
        assert "network.ingress" in self.keys(bare())
        assert "network.ingress" not in self.keys(bare(at("network.ingress", [{"namespace": "edge"}])))
        assert "network.ingress" not in self.keys(on_cluster), "the edge is in front"

    @pytest.mark.parametrize(("kind", "said"), [("ClusterIP", False), ("NodePort", True), ("LoadBalancer", True)])
    def test_publishing_an_application_without_a_login_is_said(self, kind: str, said: bool) -> None:
        assert ("kubernetes.serviceType" in self.keys(bare(at("kubernetes.serviceType", kind)))) is said

    def test_nothing_is_said_of_an_engine(self, on_cluster: Run) -> None:
        assert not {key for key in self.keys(on_cluster) if key.startswith("docker")}
