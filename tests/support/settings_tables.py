"""Values that each setting accepts and refuses, for every test that goes through all settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import certifi
from pydantic.fields import FieldInfo

from components.settings import Settings
from components.settings.schema import Section, fields, section_of
from components.validation.kubernetes import ELSEWHERE
from tests.support import edge_tables
from tests.support.configuration import at, merged
from tests.support.program import SECRET

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SIGNER = "github.com/team/mimir/.github/workflows/deploy.yml"
URL = "https://git.example.com/a/b.git"

CLUSTER: dict[str, Any] = {"platform": "kubernetes", "kubernetes": {"context": "test"}}
"""The least that a stack for a cluster says."""

SHARED = {"volumes": {name: {"accessMode": "ReadWriteMany"} for name in ("data", "logs", "plugins")}}
"""Volumes that several pods may write."""

# What another setting must say for a value to make sense (components/validation/core.py).
# On a cluster it is needed beside CLUSTER.
NEEDS: dict[str, dict[str, Any]] = {
    "runtime": at("environment.jwtSecret", SECRET),
    "registry.username": at("registry.password", "token"),
    "registry.password": at("registry.username", "ci"),
    "shutdown.drainSeconds": at("shutdown.graceSeconds", 660),
    "probe.timeoutSeconds": at("probe.intervalSeconds", 3600),
    "probe.intervalSeconds": at("probe.timeoutSeconds", 1),
    "docker.host": at("registry.address", "registry.example.com"),
    "shutdown.preStopSeconds": at("shutdown.graceSeconds", 660),
    "kubernetes.createNamespace": at("kubernetes.namespace", "team"),
    "kubernetes.nodePort": at("kubernetes.serviceType", "NodePort"),
    "kubernetes.redirectNodePort": merged(
        at("kubernetes.serviceType", "LoadBalancer"), at("edge", {"redirectPort": 8081, "tls": {"mode": "selfSigned"}})
    ),
    "kubernetes.replicas": SHARED,
    "kubernetes.cpuRequest": at("limits.cpus", 64),
    "kubernetes.memoryRequestMib": at("limits.memoryMib", 65_536),
    "kubernetes.rolloutSeconds": {
        "probe": {"intervalSeconds": 1, "timeoutSeconds": 1, "startPeriodSeconds": 1},
        "kubernetes": {"dnsSeconds": 0},
    },
    "autoscaling.maxReplicas": SHARED,
    "autoscaling.minReplicas": merged(SHARED, at("autoscaling.maxReplicas", 100)),
    "autoscaling.cpuPercent": merged(SHARED, at("autoscaling.maxReplicas", 100)),
    "edge.gateway.name": at("edge", {"kind": "gateway", "gateway": {"name": "another"}}),
    "edge.gateway.namespace": at("edge", {"kind": "gateway", "gateway": {"name": "public"}}),
    "edge.gateway.section": at("edge", {"kind": "gateway", "gateway": {"name": "public"}}),
    "edge.ingressClass": at("edge.kind", "ingress"),
    **edge_tables.NEEDS,
}

GOOD_CLAIM: dict[str, list[Any]] = {
    "sizeGib": [1, 65_536],
    "storageClass": ["standard"],
    "accessMode": ["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"],
}
BAD_CLAIM: dict[str, list[Any]] = {
    "sizeGib": [0, 65_537, "1Gi"],
    "storageClass": ["", ["standard"]],
    "accessMode": ["RWO", "ReadOnlyMany", "", ["ReadWriteMany"]],
}

GOOD: dict[str, list[Any]] = {
    "platform": ["docker", "kubernetes"],
    "runtime": ["development", "production"],
    "contract": ["mimir-b0006f9"],
    "liveReload": [True, False, "true", "false"],
    "source.location": ["./sample", "sample"],
    "source.commit": [COMMIT],
    "source.package": [".", "./cmd/server", "./a.b_c-d"],
    "source.ignore": [[], ["docs/**", "!docs/keep"]],
    "image.digest": ["sha256:" + "0a" * 32],
    "image.signature.key": ["signing.pub", "/etc/mimir/signing.pub"],
    "image.signature.identity": [f"https://{SIGNER}@refs/heads/main", f"https://{SIGNER}@refs/heads/release/2"],
    "image.signature.issuer": ["https://gitlab.example.com"],
    "image.signature.allowUnsigned": [True, False],
    "image.platforms": [["linux/amd64"], ["linux/arm64"], ["linux/arm64", "linux/amd64"]],
    "image.goImage": ["golang:1", "mirror.example.com:5000/go@sha256:" + "0" * 64],
    "image.baseImage": ["scratch", "mirror/static"],
    "image.goProxy": ["https://user:pass@proxy.example.com,direct", "off"],
    "image.caBundle": [certifi.where()],
    "image.noCache": [True, False, "true"],
    "image.builder": ["default"],
    "registry.address": ["registry.example.com", "localhost", "localhost:5000", "10.0.0.1:65535", "registry:443"],
    "registry.repository": ["mimir", "team/sub-team/mimir_2.x"],
    "registry.username": ["ci"],
    "registry.password": ["x", "päss wörd"],
    "registry.insecure": [True, False],
    "environment.port": [1024, 65535, "9000"],
    "environment.logLevel": ["DEBUG", "INFO", "WARN", "ERROR"],
    "environment.pluginDir": ["/app/plugins", "/app/plugins/own/more"],
    "environment.jwtSecret": [SECRET],
    "environment.passJwtSecret": [True, False],
    "environment.dbPath": ["/app/data/mimir.db", "/app/data/a/b-c.sqlite3"],
    "environment.maxJobs": [1, 10_000],
    "environment.enableCors": [True, False],
    "environment.variables": [{}, {"HTTP_PROXY": "http://proxy:3128", "_X9": ""}],
    "environment.secretVariables": [{}, {"API_TOKEN": "t0ken"}],
    "probe.path": ["/", "/health?deep=1"],
    "probe.intervalSeconds": [1, 3600],
    "probe.timeoutSeconds": [1, 60],
    "probe.retries": [1, 20],
    "probe.startPeriodSeconds": [1, 600],
    "limits.cpus": [0.1, 64, "0.5"],
    "limits.memoryMib": [32, 65_536],
    "limits.pids": [32, 32_768],
    "limits.tmpMib": [1, 4096],
    "shutdown.preStopSeconds": [0, 120],
    "shutdown.drainSeconds": [30, 600],
    "shutdown.graceSeconds": [35, 660],
    "logging.format": ["text", "json"],
    "logging.maxSizeMib": [1, 1024],
    "logging.maxFiles": [1, 100],
    "docker.host": ["unix:///var/run/docker.sock", "tcp://engine:2376", "ssh://me@engine"],
    "docker.bindAddress": ["127.0.0.1", "0.0.0.0", "255.255.255.255"],
    "docker.restart": ["no", "on-failure", "always", "unless-stopped"],
    "docker.metricsPort": [1, 9090, 65_535],
    "docker.keepImages": [1, 100],
    "volumes.protected": [[], ["data"], ["data", "logs", "plugins"]],
    **{f"volumes.{name}.{key}": values for name in SHARED["volumes"] for key, values in GOOD_CLAIM.items()},
    "kubernetes.context": ["test", "arn:aws:eks:eu-central-1:1:cluster/mimir"],
    "kubernetes.kubeconfig": ["~/.kube/config"],
    "kubernetes.namespace": ["mimir", "a", "a-1", "x" * 63],
    "kubernetes.createNamespace": [True, False, "false"],
    "kubernetes.nodePort": [30_000, 32_767],
    "kubernetes.redirectNodePort": [30_000, 32_767],
    "kubernetes.replicas": [1, 100],
    "kubernetes.cpuRequest": [0.01, 64, "0.5"],
    "kubernetes.memoryRequestMib": [16, 65_536],
    "kubernetes.serviceType": ["ClusterIP", "NodePort", "LoadBalancer"],
    "kubernetes.edgeReplicas": [1, 20],
    "kubernetes.dnsSeconds": [0, 100],
    "kubernetes.clusterDomain": ["cluster.local", "k8s.example.com"],
    "kubernetes.priorityClass": ["system-cluster-critical"],
    "kubernetes.pullSecrets": [[], ["registry", "mirror"]],
    "kubernetes.rolloutSeconds": [10, 3600],
    "autoscaling.maxReplicas": [2, 100],
    "autoscaling.minReplicas": [1, 100],
    "autoscaling.cpuPercent": [1, 1000],
    "network.ingress": [[], [{"namespace": "edge", "podLabels": {"app": "proxy"}}, {"cidr": "10.0.0.0/8"}]],
    "network.monitoring": [[], [{"namespace": "monitoring"}, {"cidr": "10.0.0.0/8"}]],
    "network.egress": [[], [{"podLabels": {"app": "db"}, "ports": [5432, 65_535]}, {"cidr": "fd00::/8"}]],
    "network.dnsNamespace": ["dns"],
    "network.dnsLabels": [{}, {"dns.operator.openshift.io/daemonset-dns": "default"}],
    "edge.gateway.name": ["public", "own"],
    "edge.gateway.namespace": ["gateways"],
    "edge.gateway.section": ["https"],
    "edge.ingressClass": ["nginx"],
    **edge_tables.GOOD,
}

BAD: dict[str, list[Any]] = {
    "platform": ["podman", "Docker", ""],
    "runtime": ["prod", "PRODUCTION", ""],
    "contract": [["mimir-b0006f9"]],
    "liveReload": ["maybe", "2"],
    "source.location": ["", 5, None],
    "source.commit": ["main", COMMIT[:39], COMMIT.upper(), COMMIT + "\n"],
    "source.package": ["", "main.go", "/abs", "./a b", "../outside"],
    "source.ignore": ["docs", {"a": "b"}],
    "image.digest": ["latest", "sha256:" + "0" * 63, "sha256:" + "A" * 64, "0" * 64, ""],
    "image.signature.key": ["", ["signing.pub"]],
    "image.signature.identity": [f"https://{SIGNER}@refs/tags/v1", f"https://{SIGNER}@refs/pull/7/merge", SIGNER, ".*"],
    "image.signature.issuer": ["", "http://gitlab.example.com"],
    "image.signature.allowUnsigned": ["maybe"],
    "image.platforms": [[], ["windows/amd64"], "linux/amd64", ["linux/amd64", "linux/386"]],
    "image.goImage": ["", None],
    "image.baseImage": ["", 1],
    "image.goProxy": [["https://proxy.example.com"], {"url": "x"}],
    "image.caBundle": [["/etc/ca.pem"]],
    "image.noCache": ["maybe", [True]],
    "image.builder": [{"name": "default"}],
    "registry.address": [
        *("https://registry.example.com", "registry.example.com/team", "host:", "a b", "", "registry", "REGISTRY"),
        *("registry..example.com", ".example.com", "example.com.", "-x.example.com", "a.-b", "10.0.0.256", "host:0"),
        *("a" * 64 + ".example.com", ".".join(["abcdefgh"] * 30), "host:65536", "r.example.com\n", "::1"),
    ],
    "registry.repository": ["Mimir", "team//mimir", "/mimir", "mimir:latest", ""],
    "registry.username": ["", ["ci"]],
    "registry.password": [["token"]],
    "registry.insecure": ["maybe"],
    "environment.port": [1023, 65536, 0, -1, "http", 8080.5, None],
    "environment.logLevel": ["debug", "TRACE", "", None],
    "environment.pluginDir": ["/plugins", "/app/plugins/", "/app/pluginsX", "app/plugins", ""],
    "environment.jwtSecret": ["short", [SECRET]],
    "environment.passJwtSecret": ["maybe"],
    "environment.dbPath": ["/tmp/mimir.db", "/app/data", "mimir.db", "/app/data/a b"],
    "environment.maxJobs": [0, 10_001, "many"],
    "environment.enableCors": ["maybe"],
    "environment.variables": ["A=b", ["A=b"], {"A": {"b": "c"}}],
    "environment.secretVariables": ["A=b", {"A": ["b"]}],
    "probe.path": ["health", "", "/a b"],
    "probe.intervalSeconds": [0, 3601, "30s"],
    "probe.timeoutSeconds": [0, 61, "5s"],
    "probe.retries": [0, 21],
    "probe.startPeriodSeconds": [0, 601],
    "limits.cpus": [0, 0.09, 64.1, "two", -1],
    "limits.memoryMib": [31, 65_537, "256m", 256.5],
    "limits.pids": [31, 32_769],
    "limits.tmpMib": [0, 4097],
    "shutdown.preStopSeconds": [-1, 121, "5s"],
    "shutdown.drainSeconds": [-1, 601, "30s"],
    "shutdown.graceSeconds": [4, 661],
    "logging.format": ["xml", "JSON"],
    "logging.maxSizeMib": [0, 1025, "10m"],
    "logging.maxFiles": [0, 101],
    "docker.host": ["/var/run/docker.sock", "http://engine", "unix://"],
    "docker.bindAddress": ["localhost", "127.0.0", "::1", "127.0.0.1:80", ""],
    "docker.restart": ["never", True],
    "docker.metricsPort": [0, 65_536, "metrics"],
    "docker.keepImages": [0, 101, "all"],
    "volumes.protected": ["data", ["backups"], ["data", "backups"], ["config"], ["data", "config"]],
    **{f"volumes.{name}.{key}": values for name in SHARED["volumes"] for key, values in BAD_CLAIM.items()},
    "kubernetes.context": ["", ["test"]],
    "kubernetes.kubeconfig": ["", ["a", "b"]],
    "kubernetes.namespace": ["Mimir", "-a", "a-", "a.b", "", "x" * 64],
    "kubernetes.createNamespace": ["maybe", ["team"]],
    "kubernetes.nodePort": [29_999, 32_768, "http"],
    "kubernetes.redirectNodePort": [80, 32_768, "http"],
    "kubernetes.replicas": [0, 101, "many"],
    "kubernetes.cpuRequest": [0, 0.001, 64.1, "100m"],
    "kubernetes.memoryRequestMib": [15, 65_537, "64Mi"],
    "kubernetes.serviceType": ["clusterip", "ExternalName", ""],
    "kubernetes.edgeReplicas": [0, 21, "two"],
    "kubernetes.dnsSeconds": [-1, 301, "30s"],
    "kubernetes.clusterDomain": ["", "Cluster.local", "a b"],
    "kubernetes.priorityClass": ["", 5],
    "kubernetes.pullSecrets": ["registry", {"name": "registry"}, [{"name": "registry"}]],
    "kubernetes.rolloutSeconds": [9, 3601, "5m"],
    "autoscaling.maxReplicas": [0, 101, "many"],
    "autoscaling.minReplicas": [0, 101],
    "autoscaling.cpuPercent": [0, 1001, "70%"],
    "network.ingress": ["edge", ["edge"], [{"namespace": 5}], [{"namespace": ""}], [{"podLabels": ["app"]}]],
    "network.monitoring": ["prometheus", ["prometheus"], [{"namespace": ""}]],
    "network.egress": ["db", [{"cidr": "10.0.0.0/8", "ports": ["http"]}], [{"cidr": "10.0.0.0/8", "ports": 53}]],
    "network.dnsNamespace": ["", 5],
    "network.dnsLabels": ["k8s-app=kube-dns", ["k8s-app"], {"k8s-app": 1}],
    "edge.gateway.name": ["", 5],
    "edge.gateway.namespace": ["", 5],
    "edge.gateway.section": ["", 5],
    "edge.ingressClass": ["", 5],
    **edge_tables.BAD,
}


def every_setting(section: type[Section] = Settings, prefix: str = "") -> dict[str, FieldInfo]:
    """All settings by their keys, from the model itself."""
    found: dict[str, FieldInfo] = {}
    for name, field in fields(section).items():
        below = section_of(field)
        found |= every_setting(below, f"{prefix}{name}.") if below else {f"{prefix}{name}": field}
    return found


def is_below(key: str, paths: Iterable[str]) -> bool:
    """Whether a setting is at or below one of these paths."""
    return any(key == path or key.startswith(f"{path}.") for path in paths)


def needs(key: str, value: Any) -> dict[str, Any]:
    """What a stack must say for this one value to make sense."""
    on_cluster = value == "kubernetes" if key == "platform" else is_below(key, ELSEWHERE["docker"])
    named = (key, value) if isinstance(value, str) else (key, "")
    return merged(
        CLUSTER if on_cluster or named in edge_tables.ON_A_CLUSTER else {},
        NEEDS.get(key, {}),
        edge_tables.NEEDS_OF_A_VALUE.get(named, {}),
    )
