"""Network policies: everything is denied in both directions, then exactly what is needed is allowed."""

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
    """The policies of the deployment's namespace (plan: Security, Network isolation).

    They hold where the cluster's network plugin enforces them; that is the cluster's side of the bargain.
    """

    def __init__(
        self, name: str, scope: Scope, edge: EdgeSpec | None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mimir:kubernetes:Policies", name, None, opts)
        application, network = scope.application, scope.settings.network

        def policy(what: str, part: Part | None, spec: networking.v1.NetworkPolicySpecArgs) -> None:
            networking.v1.NetworkPolicy(
                f"{name}-{what}",
                metadata=scope.metadata(f"{application.name}-{what}", part),
                spec=spec,
                opts=pulumi.ResourceOptions(parent=self, hooks=scope.name_conflict_hooks(f"{name}-{what}")),
            )

        # In an existing namespace the pods of others are not this stack's to cut off.
        own_namespace = scope.settings.kubernetes.create_namespace
        selected = meta.v1.LabelSelectorArgs() if own_namespace else _selector({INSTANCE: application.name})
        policy(
            "default-deny",
            None,
            networking.v1.NetworkPolicySpecArgs(pod_selector=selected, policy_types=["Ingress", "Egress"]),
        )
        policy("egress", "application", _to(scope, "application", [_dns(network), *map(_egress, network.egress)]))
        own = _ports([application.port])
        if edge:
            policy(
                "ingress",
                "application",
                _from(scope, "application", [Incoming(from_=[_pods(scope, "edge")], ports=own)]),
            )
            policy("edge-ingress", "edge", _from(scope, "edge", list(_to_the_edge(edge, network))))
            to_pods = Outgoing(to=[_pods(scope, "application")], ports=own)
            policy("edge-egress", "edge", _to(scope, "edge", [_dns(network), to_pods]))
        elif network.ingress:
            peers = [_peer(peer) for peer in network.ingress]
            policy("ingress", "application", _from(scope, "application", [Incoming(from_=peers, ports=own)]))
        self.register_outputs({})


def _to_the_edge(edge: EdgeSpec, network: Network) -> Iterable[Incoming]:
    """Its front doors are for whom the settings name, or for everybody; its metrics for whom they name only."""
    yield Incoming(
        from_=[_peer(peer) for peer in network.ingress] or None,
        ports=_ports(inside for _, inside in doors(edge).values()),
    )
    if network.monitoring:
        yield Incoming(from_=[_peer(peer) for peer in network.monitoring], ports=_ports([METRICS_PORT]))


def _from(scope: Scope, part: Part, rules: list[Incoming]) -> networking.v1.NetworkPolicySpecArgs:
    """Who may connect to the pods of a part."""
    pods = _selector(selector_of(scope.application, part))
    return networking.v1.NetworkPolicySpecArgs(pod_selector=pods, policy_types=["Ingress"], ingress=rules)


def _to(scope: Scope, part: Part, rules: list[Outgoing]) -> networking.v1.NetworkPolicySpecArgs:
    """To whom the pods of a part may connect."""
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
    """The pods of a part, in this namespace."""
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
