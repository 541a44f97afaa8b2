"""How the edge of a cluster is reached, and by whom: its Services, policies, certificate, and the outputs."""

from __future__ import annotations

import pytest

from tests.support import monitor
from tests.support.configuration import at
from tests.support.kubernetes_edge import TLS, configuration, container, labels, made, pod, run
from tests.support.network_policies import DNS, pods, policies
from tests.support.program import SECRET, Run
from tests.support.property_wire import Secret

ISSUED = at("edge", {"hosts": ["mimir.example.com"], "tls": {"mode": "certManager", "issuer": "letsencrypt"}})


class TestServices:
    """One front door, and what is behind it."""

    def test_the_front_door_has_the_deployments_name_and_leads_to_the_edge(self) -> None:
        front = run().one("Service", "mimir-service")
        assert front["metadata"]["name"] == "mimir-dev"
        assert front["spec"]["selector"] == labels("edge")
        [port] = front["spec"]["ports"]
        assert (port["name"], port["port"], port["targetPort"], port["appProtocol"]) == ("http", 8080, "http", "http")
        assert {"name": "http", "containerPort": 8080, "protocol": "TCP"} in container(run())["ports"]

    def test_with_tls_it_is_https_and_a_redirect_is_beside_it(self) -> None:
        found = run(TLS, {"edge": {"port": 443, "redirectPort": 80}})
        spec = found.one("Service", "mimir-service")["spec"]
        assert [(one["name"], one["port"], one["targetPort"], one["appProtocol"]) for one in spec["ports"]] == [
            ("https", 443, "https", "https"),
            ("http", 80, "http", "http"),
        ]
        inside = {one["name"]: one["containerPort"] for one in container(found)["ports"]}
        assert inside == {"https": 8443, "http": 8080, "metrics": 9090, "probes": 9091}

    def test_its_ports_on_the_nodes_stay_the_same_where_the_settings_name_them(self) -> None:
        ports = {"serviceType": "NodePort", "nodePort": 30_443, "redirectNodePort": 30_080}
        found = run(TLS, {"edge": {"port": 443, "redirectPort": 80}, "kubernetes": ports})
        spec = found.one("Service", "mimir-service")["spec"]
        assert {one["name"]: one["nodePort"] for one in spec["ports"]} == {"https": 30_443, "http": 30_080}
        bare = run(at("edge.kind", "none"), {"kubernetes": {"serviceType": "NodePort", "nodePort": 30_443}})
        assert [one["nodePort"] for one in bare.one("Service", "mimir-service")["spec"]["ports"]] == [30_443]

    def test_the_cluster_chooses_them_otherwise(self) -> None:
        [port] = run(at("kubernetes.serviceType", "NodePort")).one("Service", "mimir-service")["spec"]["ports"]
        assert "nodePort" not in port

    @pytest.mark.parametrize(
        ("kind", "policy"), [("ClusterIP", None), ("NodePort", "Local"), ("LoadBalancer", "Local")]
    )
    def test_it_sees_the_clients_own_address(self, kind: str, policy: str | None) -> None:
        spec = run(at("kubernetes.serviceType", kind)).one("Service", "mimir-service")["spec"]
        assert spec["type"] == kind
        assert spec.get("externalTrafficPolicy") == policy

    def test_the_applications_has_a_name_for_each_pod_that_is_ready_and_no_address(self) -> None:
        behind = run(at("environment.port", 9000)).one("Service", "mimir-pods")
        assert behind["metadata"]["name"] == "mimir-dev-pods"
        spec = behind["spec"]
        assert (spec["type"], spec["clusterIP"], spec["publishNotReadyAddresses"]) == ("ClusterIP", "None", False)
        assert spec["selector"] == labels("application")
        assert [(one["port"], one["targetPort"]) for one in spec["ports"]] == [(9000, "http")]

    def test_monitoring_finds_the_figures(self, on_cluster: Run) -> None:
        metrics = on_cluster.one("Service", "mimir-edge-metrics")
        assert metrics["metadata"]["name"] == f"{on_cluster.outputs['workload']}-metrics"
        assert metrics["spec"]["type"] == "ClusterIP"
        assert [(one["port"], one["targetPort"]) for one in metrics["spec"]["ports"]] == [(9090, "metrics")]
        annotations = metrics["metadata"]["annotations"]
        assert (annotations["prometheus.io/scrape"], annotations["prometheus.io/port"]) == ("true", "9090")

    def test_without_an_edge_there_is_the_applications_alone(self) -> None:
        found = run(at("edge.kind", "none"))
        [service] = [one for one in found.resources if one.options.type.endswith(":Service")]
        assert service.inputs["spec"]["selector"] == labels("application")
        assert not {"edge", "access_log", "metrics"} & found.outputs.keys()
        assert not [one for one in found.resources if "edge" in one.name]


class TestPolicies:
    """Who reaches what."""

    def test_only_the_edge_reaches_the_application(self) -> None:
        found = policies(run({"network": {"ingress": [{"namespace": "clients"}]}, "environment": {"port": 9000}}))
        assert found["ingress"]["podSelector"] == {"matchLabels": labels("application")}
        assert found["ingress"]["ingress"] == [
            {"from": [pods(labels("edge"))], "ports": [{"protocol": "TCP", "port": 9000}]}
        ]

    def test_everybody_reaches_the_edge_unless_the_settings_say_who(self) -> None:
        everybody = policies(run())["edge-ingress"]
        assert everybody["podSelector"] == {"matchLabels": labels("edge")}
        assert everybody["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8080}]}]
        some = policies(run(TLS, at("edge.redirectPort", 80), at("network.ingress", [{"namespace": "clients"}])))
        assert some["edge-ingress"]["ingress"] == [
            {"from": [pods({}, "clients")], "ports": [{"protocol": "TCP", "port": port} for port in (8443, 8080)]}
        ]

    def test_the_metrics_are_for_monitoring_alone(self) -> None:
        _, metrics = policies(run(at("network.monitoring", [{"namespace": "monitoring"}])))["edge-ingress"]["ingress"]
        assert metrics == {"from": [pods({}, "monitoring")], "ports": [{"protocol": "TCP", "port": 9090}]}

    def test_the_edge_reaches_names_and_the_application_alone(self) -> None:
        found = policies(run({"network": {"egress": [{"cidr": "10.0.0.0/8"}]}}))
        assert found["edge-egress"]["podSelector"] == {"matchLabels": labels("edge")}
        assert found["edge-egress"]["egress"] == [
            DNS,
            {"to": [pods(labels("application"))], "ports": [{"protocol": "TCP", "port": 8080}]},
        ]


class TestCertificate:
    """Where it comes from."""

    def test_one_of_its_own_is_for_every_name_of_the_front_door(self) -> None:
        found = run(TLS, at("edge.hosts", ["mimir.example.com"]), at("kubernetes.namespace", "own"))
        hosts = next(one.inputs["hosts"] for one in found.resources if one.name == "mimir-edge-certificate")
        assert hosts == [
            "mimir.example.com",
            "mimir-dev.own.svc.cluster.local",
            "mimir-dev.own.svc",
            "mimir-dev.own",
            "mimir-dev",
            "localhost",
            "127.0.0.1",
        ]
        assert made(found, "Secret").inputs["stringData"].value["certificate.pem"] == monitor.CERTIFICATE["chain"]

    def test_on_other_machines_nobody_calls_it_localhost(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("components.kubernetes.cluster.kubeconfig.Access.is_local", property(lambda _: False))
        hosts = next(one.inputs["hosts"] for one in run(TLS).resources if one.name == "mimir-edge-certificate")
        assert hosts[-1] == "mimir-dev"

    def test_cert_manager_is_asked_for_one_and_its_secret_is_mounted_beside_the_files(self) -> None:
        found = run(ISSUED)
        asked = found.one("Certificate", "mimir-edge-issued")
        assert asked["apiVersion"] == "cert-manager.io/v1"
        assert asked["spec"]["dnsNames"] == ["mimir.example.com"]
        assert asked["spec"]["issuerRef"] == {
            "group": "cert-manager.io",
            "kind": "ClusterIssuer",
            "name": "letsencrypt",
        }
        [folder] = [one["projected"] for one in pod(found)["volumes"] if "projected" in one]
        assert folder["sources"][-1]["secret"] == {
            "name": asked["spec"]["secretName"],
            "items": [
                {"key": "tls.crt", "path": "certificate.pem"},
                {"key": "tls.key", "path": "certificate.pem.key"},
            ],
        }
        assert "certificate.pem" not in made(found, "Secret").inputs["stringData"].value
        assert "ssl crt certificate.pem " in configuration(found)
        assert not [one for one in found.resources if one.name == "mimir-edge-certificate"]


class TestOutputs:
    """What a person reads."""

    def test_inside_the_cluster(self) -> None:
        found = run(TLS, at("edge.port", 443)).outputs
        kubectl = "kubectl --context test --namespace mimir-dev"
        assert found["url"] == "https://mimir-dev.mimir-dev.svc:443"
        assert found["service"] == "mimir-dev.mimir-dev.svc:443"
        assert found["forward"] == f"{kubectl} port-forward service/mimir-dev 8443:443", "a port that everybody may use"
        assert found["health"].startswith("curl -fsS --insecure https://127.0.0.1:8443/health ")
        assert found["edge"] == "mimir-dev-edge"
        assert found["access_log"].endswith("app.kubernetes.io/component=edge")
        assert found["logs"].endswith("app.kubernetes.io/component=application")
        assert found["metrics"].startswith(f"{kubectl} port-forward service/mimir-dev-metrics 9090 ")

    def test_the_port_of_the_nodes_is_that_of_the_door_and_not_of_the_redirect(self) -> None:
        found = run(TLS, {"edge": {"redirectPort": 80}, "kubernetes": {"serviceType": "NodePort"}}).outputs
        assert found["url"] == f"https://127.0.0.1:{monitor.NODE_PORT}"
        assert found["health"] == f"curl -fsS --insecure https://127.0.0.1:{monitor.NODE_PORT}/health"

    def test_a_host_that_is_served_is_asked_for(self) -> None:
        found = run(ISSUED, at("kubernetes.serviceType", "LoadBalancer"), at("edge.port", 443)).outputs
        assert found["url"] == "https://mimir.example.com"
        to = f"{monitor.BALANCER['hostname']}:443"
        assert found["health"] == f"curl -fsS --connect-to ::{to} https://mimir.example.com/health"

    def test_elsewhere_a_node_of_its_pods_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("components.kubernetes.cluster.kubeconfig.Access.is_local", property(lambda _: False))
        found = run(at("kubernetes.serviceType", "NodePort")).outputs
        assert found["url"] == f"http://<a node with a pod of the edge>:{monitor.NODE_PORT}"

    def test_nothing_of_them_is_a_secret(self) -> None:
        found = run(TLS, at("environment.jwtSecret", SECRET))
        assert not [key for key, value in found.outputs.items() if isinstance(value, Secret)]
