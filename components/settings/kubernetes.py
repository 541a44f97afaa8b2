"""The Kubernetes cluster."""

from __future__ import annotations

from typing import Literal

from components.settings.schema import Section, setting

LONGEST_ROLLOUT_SECONDS = 3600
LONGEST_DNS_SECONDS = 300
NODE_PORTS = (30_000, 32_767)
"""Default of the API server's `--service-node-port-range`."""
DEFAULT_DNS_SECONDS = 30
"""Used if the cluster's value cannot be read: the TTL and the cache limit that kubeadm configures for CoreDNS."""


class Kubernetes(Section):
    """The cluster and the workload on it, for `platform: kubernetes`."""

    context: str | None = setting(
        None,
        "Context in the kubeconfig. Required: a deployment never goes to whatever context happens to be current.",
        allowed="a name that `kubectl config get-contexts` shows",
        example="mimir-test",
        min_length=1,
    )
    kubeconfig: str | None = setting(
        None,
        "Kubeconfig file; by default what KUBECONFIG names, or ~/.kube/config.",
        allowed="a readable file",
        example="~/.kube/config",
        min_length=1,
    )
    namespace: str | None = setting(
        None,
        "Namespace, made by the stack unless `createNamespace` is false; by default mimir-<stack>.",
        allowed="lower-case letters, digits and -, at most 63",
        example="mimir",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
    )
    create_namespace: bool = setting(
        True,
        "Whether the stack creates the namespace and owns it. With false, `namespace` names an existing one: it is "
        "not created, changed or deleted, and its default-deny policy selects the stack's own pods only.",
        allowed="true or false; false needs `namespace`",
    )
    replicas: int | None = setting(
        None,
        "Pods; 1 by default. More than one wants volumes that several pods may mount.",
        allowed="1 to 100, and nothing with `autoscaling.maxReplicas`",
        example=2,
        ge=1,
        le=100,
    )
    cpu_request: float = setting(
        0.1, "CPUs that are kept free for each pod.", allowed="0.01 to 64, at most `limits.cpus`", ge=0.01, le=64
    )
    memory_request_mib: int = setting(
        64,
        "Memory that is kept free for each pod, in MiB.",
        allowed="16 to 65536, at most `limits.memoryMib`",
        ge=16,
        le=65_536,
    )
    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = setting(
        "ClusterIP",
        "How the front door is reached: from inside the cluster only, on every node, or by a load balancer.",
        allowed="ClusterIP, NodePort or LoadBalancer",
    )
    node_port: int | None = setting(
        None,
        "Port of every node for the front door, so that a new Service has the same address; by default the cluster "
        "chooses one.",
        allowed=f"{NODE_PORTS[0]} to {NODE_PORTS[1]}, with `serviceType` NodePort or LoadBalancer",
        example=30080,
        ge=NODE_PORTS[0],
        le=NODE_PORTS[1],
    )
    redirect_node_port: int | None = setting(
        None,
        "Port of every node for `edge.redirectPort`.",
        allowed=f"{NODE_PORTS[0]} to {NODE_PORTS[1]}, not `nodePort`, with `edge.redirectPort`",
        example=30081,
        ge=NODE_PORTS[0],
        le=NODE_PORTS[1],
    )
    edge_replicas: int = setting(2, "Pods of the edge (`edge.kind` haproxy).", allowed="1 to 20", ge=1, le=20)
    dns_seconds: int | None = setting(
        None,
        "How long a new pod must be ready before it counts, in seconds: the cluster's DNS may hide it for that long, "
        "and the edge (`edge.kind` haproxy) must know it before an old one ends. By default it is found out from the "
        f"configuration of the cluster's DNS (CoreDNS); {DEFAULT_DNS_SECONDS} where that cannot be read.",
        allowed=f"0 to {LONGEST_DNS_SECONDS}",
        example=DEFAULT_DNS_SECONDS,
        ge=0,
        le=LONGEST_DNS_SECONDS,
    )
    cluster_domain: str = setting(
        "cluster.local", "Domain of the cluster's DNS.", allowed="a domain name", pattern=r"^[a-z0-9.-]+$"
    )
    priority_class: str | None = setting(
        None,
        "PriorityClass of the pods.",
        allowed="a name that `kubectl get priorityclass` shows",
        example="high",
        min_length=1,
    )
    pull_secrets: tuple[str, ...] = setting(
        (),
        "Secrets in the namespace with which the cluster pulls, besides the one made from `registry.password`.",
        allowed="a list of names",
    )
    rollout_seconds: int = setting(
        300,
        "Time in which a rollout must become ready, in seconds; then it fails, and the old pods go on serving.",
        allowed=f"10 to {LONGEST_ROLLOUT_SECONDS}, more than a start may take (`probe`)",
        ge=10,
        le=LONGEST_ROLLOUT_SECONDS,
    )


class Autoscaling(Section):
    """A HorizontalPodAutoscaler instead of a fixed number of pods; on where `maxReplicas` is set."""

    max_replicas: int | None = setting(
        None, "Most pods.", allowed="1 to 100, at least `minReplicas`", example=5, ge=1, le=100
    )
    min_replicas: int = setting(2, "Fewest pods.", allowed="1 to 100", ge=1, le=100)
    cpu_percent: int = setting(
        70, "Use of the requested CPUs that it aims at, in percent.", allowed="1 to 1000", ge=1, le=1000
    )
