"""Allowed network connections: in a cluster in both directions, on an engine only those that the application opens."""

from __future__ import annotations

from components.settings.schema import Section, setting


class Peer(Section):
    """Somebody at the other end of a connection: pods, or a range of addresses."""

    namespace: str | None = setting(
        None,
        "Namespace of the pods; by default the application's own.",
        allowed="a namespace",
        example="ingress",
        min_length=1,
    )
    pod_labels: dict[str, str] = setting({}, "Labels of the pods; every pod when empty.", allowed="labels")
    cidr: str | None = setting(None, "Range of addresses, instead of pods.", allowed="a CIDR", example="10.0.0.0/8")


class Target(Peer):
    """Somebody that the application may connect to."""

    ports: tuple[int, ...] = setting((), "TCP ports; every port when empty.", allowed="a list of 1 to 65535")


class Network(Section):
    """Who may talk to the pods, and to whom they may talk; everything else is denied in both directions."""

    ingress: tuple[Peer, ...] = setting(
        (),
        "Who may connect to the front door: the edge, which then is everybody's when this is empty; without one the "
        "application, which then is nobody's.",
        allowed="a list of objects with `namespace` and `podLabels`, or `cidr`",
    )
    monitoring: tuple[Peer, ...] = setting(
        (),
        "Who may read the edge's metrics.",
        allowed="a list of objects with `namespace` and `podLabels`, or `cidr`",
    )
    egress: tuple[Target, ...] = setting(
        (),
        "To whom the application may connect, besides DNS. A Docker engine has no rules for destinations: there any "
        "entry lets it connect to every address, and without one its network is internal, so it connects to nothing.",
        allowed="a list of objects with `namespace` and `podLabels`, or `cidr`; and `ports`",
    )
    dns_namespace: str = setting("kube-system", "Namespace of the cluster's DNS.", allowed="a namespace", min_length=1)
    dns_labels: dict[str, str] = setting({"k8s-app": "kube-dns"}, "Labels of the DNS pods.", allowed="labels")
