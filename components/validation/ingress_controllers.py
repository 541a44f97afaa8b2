"""What settings must fulfil where the cluster's own controller makes the edge real: what it cannot do is an error."""

from __future__ import annotations

from collections.abc import Iterator

from components.edge.public_routes import CONTROLLERS
from components.problems import Problem, remove, without_effect
from components.settings import Settings
from components.settings.edge import EdgeSettings
from components.settings.non_default import changed
from components.settings.schema import fields

HONOURED = {
    "gateway": ("edge.kind", "edge.hosts", "edge.port", "edge.paths", "edge.gateway", "edge.timeouts.responseSeconds"),
    "ingress": (
        "edge.kind",
        "edge.hosts",
        "edge.port",
        "edge.paths",
        "edge.ingressClass",
        "edge.tls.mode",
        "edge.tls.certificate",
        "edge.tls.key",
        "edge.tls.issuer",
    ),
}
"""For each kind, the settings of the edge that it knows."""

OTHERS = (
    "kubernetes.serviceType",
    "kubernetes.nodePort",
    "kubernetes.redirectNodePort",
    "kubernetes.edgeReplicas",
    "kubernetes.dnsSeconds",
    "network.monitoring",
)
"""Settings outside of `edge` that no controller honours."""

OWN = {"gateway": ("edge.gateway",), "ingress": ("edge.ingressClass",)}
"""What only one kind has a use for."""


def honoured(settings: Settings) -> Iterator[Problem]:
    """No setting is lost in silence: neither by a controller, nor by an edge that has none."""
    kind = settings.edge.kind
    if settings.platform != "kubernetes":
        return
    if kind not in CONTROLLERS:
        given = [key for owner in OWN if kind != "none" for path in OWN[owner] for key in changed(settings, path)]
    else:
        sections = (f"edge.{key}" for key in fields(EdgeSettings))
        given = [key for path in (*sections, *OTHERS) for key in changed(settings, path) if not _knows(settings, key)]
    for key in given:
        yield without_effect(f"mimir:{key}", f"with `edge.kind: {kind}`")


def _knows(settings: Settings, key: str) -> bool:
    if key == "edge.authentication.required":  # `authentication` judges that
        return True
    if key == "edge.tls.mode" and settings.tls_mode == "off":
        return True
    return any(key == known or key.startswith(f"{known}.") for known in HONOURED[settings.edge.kind])


def authentication(settings: Settings) -> Iterator[Problem]:
    """Neither a Gateway nor an Ingress can be told, in a standard way, to ask who somebody is."""
    if settings.edge.kind in CONTROLLERS and settings.authentication_required:
        yield Problem(
            "mimir:edge.authentication.required",
            f"true, with `edge.kind: {settings.edge.kind}`, which cannot ask for keys"
            + ("" if settings.edge.authentication.required else " (production wants them)"),
            "false, when the controller has a login of its own; or `edge.kind: haproxy`",
            "pulumi config set --path 'mimir:edge.authentication.required' false",
        )


def gateway(settings: Settings) -> Iterator[Problem]:
    """A route hangs on a Gateway."""
    if settings.edge.kind == "gateway" and settings.edge.gateway.name is None:
        yield Problem(
            "mimir:edge.gateway.name",
            "nothing",
            "the Gateway that the route is attached to",
            "pulumi config set --path 'mimir:edge.gateway.name' public   # yours: kubectl get gateways -A",
        )


def ingress(settings: Settings) -> Iterator[Problem]:
    """A prefix in place of a variable segment would open more than was meant."""
    if settings.edge.kind != "ingress":
        return
    for index, path in enumerate(settings.edge.paths):
        if "{}" in path:
            key = f"mimir:edge.paths[{index}]"
            yield Problem(
                key,
                f'"{path}", with `edge.kind: ingress`',
                "a path without `{}`: an Ingress has whole paths and prefixes only",
                remove(key),
            )
