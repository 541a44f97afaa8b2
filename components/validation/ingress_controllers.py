"""Rules for an edge that a controller of the cluster implements. A setting that it does not support is an error."""

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
"""The settings of the edge that each kind of controller supports."""

OTHERS = (
    "kubernetes.serviceType",
    "kubernetes.nodePort",
    "kubernetes.redirectNodePort",
    "kubernetes.edgeReplicas",
    "kubernetes.dnsSeconds",
    "network.monitoring",
)
"""Settings outside of `edge` that no controller supports."""

OWN = {"gateway": ("edge.gateway",), "ingress": ("edge.ingressClass",)}
"""Settings that only one kind of controller supports."""


def honoured(settings: Settings) -> Iterator[Problem]:
    """A setting without effect is an error, both with a controller and without one."""
    kind = settings.edge.kind
    if settings.platform != "kubernetes":
        return
    if kind not in CONTROLLERS:
        ignored = [key for owner in OWN if kind != "none" for path in OWN[owner] for key in changed(settings, path)]
    else:
        sections = (f"edge.{key}" for key in fields(EdgeSettings))
        ignored = [key for path in (*sections, *OTHERS) for key in changed(settings, path) if not _knows(settings, key)]
    for key in ignored:
        yield without_effect(f"mimir:{key}", f"with `edge.kind: {kind}`")


def _knows(settings: Settings, key: str) -> bool:
    if key == "edge.authentication.required":  # checked by `authentication`
        return True
    if key == "edge.tls.mode" and settings.tls_mode == "off":
        return True
    return any(key == path or key.startswith(f"{path}.") for path in HONOURED[settings.edge.kind])


def authentication(settings: Settings) -> Iterator[Problem]:
    """Gateway API and Ingress have no standard field for the authentication of callers."""
    if settings.edge.kind in CONTROLLERS and settings.authentication_required:
        yield Problem(
            "mimir:edge.authentication.required",
            f"true, with `edge.kind: {settings.edge.kind}`, which cannot ask for keys"
            + ("" if settings.edge.authentication.required else " (production wants them)"),
            "false, when the controller has a login of its own; or `edge.kind: haproxy`",
            "pulumi config set --path 'mimir:edge.authentication.required' false",
        )


def gateway(settings: Settings) -> Iterator[Problem]:
    """A route needs the name of the Gateway that it is attached to."""
    if settings.edge.kind == "gateway" and settings.edge.gateway.name is None:
        yield Problem(
            "mimir:edge.gateway.name",
            "nothing",
            "the Gateway that the route is attached to",
            "pulumi config set --path 'mimir:edge.gateway.name' public   # yours: kubectl get gateways -A",
        )


def ingress(settings: Settings) -> Iterator[Problem]:
    """An Ingress has no variable segments; a prefix instead of one would expose more paths than intended."""
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
