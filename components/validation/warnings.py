"""Warnings about valid settings. Each warning begins with a configuration key."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from components.application.contract import CONTRACTS, DANGERS
from components.edge.haproxy import memory
from components.image.registry import repository
from components.settings import Environment, Settings
from components.settings.non_default import changed
from components.settings.schema import attribute
from components.validation import kubernetes_warnings as kubernetes
from components.validation.core import OWN_VARIABLES

ABOUT_A_BUILD = ("source", *(f"image.{name}" for name in ("goImage", "baseImage", "goProxy", "noCache", "builder")))
"""Settings that have an effect only if an image is built."""


def collect_warnings(settings: Settings) -> list[str]:
    """Warnings about settings that the deployed version ignores, and about missing protection."""
    on_platform = kubernetes.collect_warnings if settings.platform == "kubernetes" else _docker
    return [*_contract(settings), *_given_image(settings), *_edge(settings), *on_platform(settings)]


def _given_image(settings: Settings) -> Iterator[str]:
    """Build settings without effect, and an unverified signature."""
    if settings.image.digest is None:
        return
    ignored = [key for path in ABOUT_A_BUILD for key in changed(settings, path)]
    if ignored:
        yield f"mimir:image.digest: nothing is built, so these have no effect: {', '.join(ignored)}."
    if settings.image.signature.allow_unsigned and settings.runtime == "production":
        yield (
            f"mimir:image.signature.allowUnsigned: NO SIGNATURE IS VERIFIED; production runs {settings.image.digest} "
            f"whoever built it and pushed it to {repository(settings.registry)}."
        )


def _contract(settings: Settings) -> Iterator[str]:
    contract = CONTRACTS[settings.contract]
    environment, default = settings.environment, Environment()
    for name, key in OWN_VARIABLES.items():
        field = attribute(Environment, key)
        if getattr(environment, field) != getattr(default, field) and contract.effect(name) == "ignored":
            yield (
                f"mimir:environment.{key}: {name} is passed on, but the application at {contract.version[:7]} does not "
                "read it."
            )
    if environment.jwt_secret is not None and contract.effect("MIMIR_JWT_SECRET") == "leaked":
        yield (
            "mimir:environment.passJwtSecret: the application shows the JWT secret to anyone who asks for "
            f"{contract.config_endpoint}."
            if environment.pass_jwt_secret
            else "mimir:environment.jwtSecret: kept, but not handed to the application, which does not use it and "
            f"would show it to anyone who asks for {contract.config_endpoint}."
        )
    if settings.image.digest is None and settings.source.commit not in (None, contract.version):
        yield f"mimir:source.commit: not the version that contract '{settings.contract}' was measured on."


def _edge(settings: Settings) -> Iterator[str]:
    """Limits, authentication, TLS and dangerous routes of the HAProxy edge."""
    edge = settings.edge
    if edge.kind != "haproxy":
        return
    capacity = memory.max_connections(edge)
    if capacity < edge.max_connections:
        yield (
            f"mimir:edge.memoryMib: {edge.memory_mib} MiB hold {capacity} of {edge.max_connections} connections "
            f"(`edge.maxConnections`); the edge takes no more. {memory.required_mib(edge)} MiB hold all."
        )
    if edge.rate_limit.connections_per_client >= capacity and settings.runtime == "production":
        yield (
            f"mimir:edge.rateLimit.connectionsPerClient: {edge.rate_limit.connections_per_client}; one address may "
            f"take all {capacity} connections of the edge."
        )
    address = _reached_from_outside(settings)
    if address and not settings.authentication_required:
        yield (
            f"mimir:edge.authentication.required: false; everyone who reaches {address} can use the service, without a "
            "key."
        )
    if settings.runtime == "production" and settings.tls_mode == "off":
        yield "mimir:edge.tls.mode: off, in production; keys, passwords and answers can be read on the way."
    if settings.runtime == "production" and settings.tls_mode == "selfSigned":
        yield (
            "mimir:edge.tls.mode: selfSigned, in production; no client trusts the certificate until it is told to. "
            "`given` takes one that clients trust."
        )
    for group, harm in DANGERS.items():
        if group in edge.opened:
            yield f"mimir:edge.opened: {group} {harm}; every authenticated caller may use it."


def _reached_from_outside(settings: Settings) -> str:
    """The address of the edge for clients outside of this machine or cluster; empty if they cannot reach it."""
    if settings.platform == "kubernetes":
        kind = settings.kubernetes.service_type
        return "" if kind == "ClusterIP" else f"the Service ({kind})"
    address = settings.docker.bind_address
    return "" if ip_address(address).is_loopback else f"{address}:{settings.edge_port}"


def _docker(settings: Settings) -> Iterator[str]:
    """Settings that a Docker engine supports only in part.

    An engine that was killed stops its containers when it starts again, and treats that as a manual stop. It treats
    each signal through its API in the same way (moby, `killWithSignal`; measured with 20.10 and 28.5).
    """
    if settings.docker.restart != "always":
        cause = (
            "the engine was killed, or after a signal (docker kill)"
            if settings.docker.restart == "unless-stopped"
            else "the engine or its host was restarted"
        )
        yield (
            f"mimir:docker.restart: {settings.docker.restart}; the service stays down after {cause}. "
            "`always` brings it back."
        )
    if settings.edge.kind == "none":
        yield (
            "mimir:edge.kind: none; the application publishes its port itself, so its network is not internal: it may "
            "connect to every address."
        )
    elif settings.network.egress:
        yield (
            "mimir:network.egress: a Docker engine cannot restrict connections to these destinations; the application "
            "may connect to every address."
        )
    if settings.edge.kind == "none" and not ip_address(settings.docker.bind_address).is_loopback:
        yield (
            "mimir:docker.bindAddress: the application authenticates nobody; everyone who reaches "
            f"{settings.docker.bind_address}:{settings.environment.port} can read and change its configuration."
        )
