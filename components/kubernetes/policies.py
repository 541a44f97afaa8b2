"""Network policies: everything is denied in both directions, then exactly what is needed is allowed."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import meta, networking

from components.application import Application
from components.kubernetes import leftovers
from components.kubernetes.cluster import Cluster
from components.kubernetes.labels import labels_of, selector_of
from components.settings import Settings
from components.settings.network import Peer, Target

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label that the API server gives every namespace."""

Port = networking.v1.NetworkPolicyPortArgs


class Policies(pulumi.ComponentResource):
    """The policies of the deployment's namespace (plan: Security, Network isolation).

    They hold where the cluster's network plugin enforces them; that is the cluster's side of the bargain.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        application: Application,
        cluster: Cluster,
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("mimir:kubernetes:Policies", name, None, opts)
        network = settings.network
        pods = meta.v1.LabelSelectorArgs(match_labels=selector_of(application))

        def policy(what: str, spec: networking.v1.NetworkPolicySpecArgs) -> None:
            networking.v1.NetworkPolicy(
                f"{name}-{what}",
                metadata=meta.v1.ObjectMetaArgs(
                    name=f"{application.name}-{what}", namespace=namespace, labels=labels_of(application)
                ),
                spec=spec,
                opts=pulumi.ResourceOptions(
                    parent=self, hooks=leftovers.binding(f"{name}-{what}", application, cluster)
                ),
            )

        everyone = meta.v1.LabelSelectorArgs()
        policy(
            "default-deny",
            networking.v1.NetworkPolicySpecArgs(pod_selector=everyone, policy_types=["Ingress", "Egress"]),
        )
        dns = Peer(namespace=network.dns_namespace, pod_labels=network.dns_labels)
        policy(
            "egress",
            networking.v1.NetworkPolicySpecArgs(
                pod_selector=pods,
                policy_types=["Egress"],
                egress=[
                    networking.v1.NetworkPolicyEgressRuleArgs(
                        to=[_peer(dns)], ports=[Port(protocol=protocol, port=53) for protocol in ("UDP", "TCP")]
                    ),
                    *(_egress(target) for target in network.egress),
                ],
            ),
        )
        if network.ingress:
            policy(
                "ingress",
                networking.v1.NetworkPolicySpecArgs(
                    pod_selector=pods,
                    policy_types=["Ingress"],
                    ingress=[
                        networking.v1.NetworkPolicyIngressRuleArgs(
                            from_=[_peer(peer) for peer in network.ingress],
                            ports=[Port(protocol="TCP", port=application.port)],
                        )
                    ],
                ),
            )
        self.register_outputs({})


def _egress(target: Target) -> networking.v1.NetworkPolicyEgressRuleArgs:
    ports = [Port(protocol="TCP", port=port) for port in target.ports]
    return networking.v1.NetworkPolicyEgressRuleArgs(to=[_peer(target)], ports=ports or None)


def _peer(peer: Peer) -> networking.v1.NetworkPolicyPeerArgs:
    if peer.cidr:
        return networking.v1.NetworkPolicyPeerArgs(ip_block=networking.v1.IPBlockArgs(cidr=peer.cidr))
    return networking.v1.NetworkPolicyPeerArgs(
        namespace_selector=_selector({NAMESPACE_NAME: peer.namespace}) if peer.namespace else None,
        pod_selector=_selector(peer.pod_labels) if peer.pod_labels else None,
    )


def _selector(labels: dict[str, str]) -> meta.v1.LabelSelectorArgs:
    return meta.v1.LabelSelectorArgs(match_labels=labels)
