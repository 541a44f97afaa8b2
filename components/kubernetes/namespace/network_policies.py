"""Network policies: deny all traffic in both directions, then allow what is needed."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
from pulumi_kubernetes import meta, networking

from components.edge.edge_spec import METRICS_PORT, EdgeSpec
from components.kubernetes.ingress.edge_pod import doors
from components.kubernetes.labels import INSTANCE, Part, selector_of
from components.kubernetes.scope import Scope
from components.settings.network import Network, Peer, Target

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label that the API server gives every namespace."""

Port = networking.v1.NetworkPolicyPortArgs
Incoming = networking.v1.NetworkPolicyIngressRuleArgs
Outgoing = networking.v1.NetworkPolicyEgressRuleArgs


class Policies(pulumi.ComponentResource):
    """The network policies of the deployment (plan: Security, Network isolation).

    They have an effect only if the network plugin of the cluster enforces network policies.
    """

    def __init__(
        self, name: str, scope: Scope, edge: EdgeSpec | None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the policies.

        Args:
            name: name of the component, and prefix of the names of its resources.
            scope: the deployment.
            edge: description of the edge; None if the stack runs none.
            opts: resource options of the component.
        """
        super().__init__("mimir:kubernetes:Policies", name, None, opts)
        application, network = scope.application, scope.settings.network

        def policy(purpose: str, part: Part | None, spec: networking.v1.NetworkPolicySpecArgs) -> None:
            networking.v1.NetworkPolicy(
                f"{name}-{purpose}",
                metadata=scope.metadata(f"{application.name}-{purpose}", part),
                spec=spec,
                opts=pulumi.ResourceOptions(parent=self, hooks=scope.name_conflict_hooks(f"{name}-{purpose}")),
            )

        # In an existing namespace the policy must not select pods of other owners.
        own_namespace = scope.settings.kubernetes.create_namespace
        selected = meta.v1.LabelSelectorArgs() if own_namespace else _selector({INSTANCE: application.name})
        policy(
            "default-deny",
            None,
            networking.v1.NetworkPolicySpecArgs(pod_selector=selected, policy_types=["Ingress", "Egress"]),
        )
        policy("egress", "application", _to(scope, "application", [_dns(network), *map(_egress, network.egress)]))
        app_ports = _ports([application.port])
        if edge:
            policy(
                "ingress",
                "application",
                _from(scope, "application", [Incoming(from_=[_pods(scope, "edge")], ports=app_ports)]),
            )
            policy("edge-ingress", "edge", _from(scope, "edge", list(_to_the_edge(edge, network))))
            to_pods = Outgoing(to=[_pods(scope, "application")], ports=app_ports)
            policy("edge-egress", "edge", _to(scope, "edge", [_dns(network), to_pods]))
        elif network.ingress:
            peers = [_peer(peer) for peer in network.ingress]
            policy("ingress", "application", _from(scope, "application", [Incoming(from_=peers, ports=app_ports)]))
        self.register_outputs({})


def _to_the_edge(edge: EdgeSpec, network: Network) -> Iterable[Incoming]:
    """Yield the ingress rules of the edge: clients from the settings, or any; metrics for monitoring peers only."""
    yield Incoming(
        from_=[_peer(peer) for peer in network.ingress] or None,
        ports=_ports(inside for _, inside in doors(edge).values()),
    )
    if network.monitoring:
        yield Incoming(from_=[_peer(peer) for peer in network.monitoring], ports=_ports([METRICS_PORT]))


def _from(scope: Scope, part: Part, rules: list[Incoming]) -> networking.v1.NetworkPolicySpecArgs:
    """Build an ingress policy for the pods of a part."""
    pods = _selector(selector_of(scope.application, part))
    return networking.v1.NetworkPolicySpecArgs(pod_selector=pods, policy_types=["Ingress"], ingress=rules)


def _to(scope: Scope, part: Part, rules: list[Outgoing]) -> networking.v1.NetworkPolicySpecArgs:
    """Build an egress policy for the pods of a part."""
    pods = _selector(selector_of(scope.application, part))
    return networking.v1.NetworkPolicySpecArgs(pod_selector=pods, policy_types=["Egress"], egress=rules)


def _dns(network: Network) -> Outgoing:
    dns = Peer(namespace=network.dns_namespace, pod_labels=network.dns_labels)
    return Outgoing(to=[_peer(dns)], ports=[Port(protocol=protocol, port=53) for protocol in ("UDP", "TCP")])


def _egress(target: Target) -> Outgoing:
    return Outgoing(to=[_peer(target)], ports=_ports(target.ports) or None)


def _ports(numbers: Iterable[int]) -> list[Port]:
    return [Port(protocol="TCP", port=number) for number in numbers]


def _pods(scope: Scope, part: Part) -> networking.v1.NetworkPolicyPeerArgs:
    """Select the pods of a part in this namespace."""
    return networking.v1.NetworkPolicyPeerArgs(pod_selector=_selector(selector_of(scope.application, part)))


def _peer(peer: Peer) -> networking.v1.NetworkPolicyPeerArgs:
    if peer.cidr:
        return networking.v1.NetworkPolicyPeerArgs(ip_block=networking.v1.IPBlockArgs(cidr=peer.cidr))
    return networking.v1.NetworkPolicyPeerArgs(
        namespace_selector=_selector({NAMESPACE_NAME: peer.namespace}) if peer.namespace else None,
        pod_selector=_selector(peer.pod_labels) if peer.pod_labels else None,
    )


def _selector(labels: dict[str, str]) -> meta.v1.LabelSelectorArgs:
    return meta.v1.LabelSelectorArgs(match_labels=labels)
