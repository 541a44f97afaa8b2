"""Rules for the settings of the edge, on every platform."""

from __future__ import annotations

from collections.abc import Iterator

from components.application.contract import CONTRACTS, DANGERS
from components.problems import Problem, member, remove, without_effect
from components.settings import Settings
from components.settings.non_default import changed

A_KEY = "make api-key NAME=ci   # or a user, a JWT secret, a public key: docs/settings.md, `edge.authentication`"

ABOUT_AN_EDGE = ("docker.metricsPort", "kubernetes.edgeReplicas", "kubernetes.dnsSeconds", "network.monitoring")
"""Settings outside of `edge` that have an effect only with an edge."""


def no_edge(settings: Settings) -> Iterator[Problem]:
    """Settings of the edge have no effect without one."""
    if settings.edge.kind != "none":
        return
    for path in ("edge", *ABOUT_AN_EDGE):
        for key in changed(settings, path):
            if key != "edge.kind":
                yield without_effect(f"mimir:{key}", "with `edge.kind: none`")


def clusters_own(settings: Settings) -> Iterator[Problem]:
    """An engine has no Gateway and no Ingress controller."""
    kind = settings.edge.kind
    if settings.platform == "docker" and kind in ("gateway", "ingress"):
        yield Problem(
            "mimir:edge.kind",
            f"{kind}, with `platform` docker",
            "haproxy or none there",
            "pulumi config set --path 'mimir:edge.kind' haproxy",
        )


def authentication(settings: Settings) -> Iterator[Problem]:
    """If authentication is required, at least one method of authentication must be configured."""
    if settings.edge.kind != "haproxy" or has_callers(settings) or _secret_is_asked_for(settings):
        return
    if settings.authentication_required:
        yield Problem(
            "mimir:edge.authentication.required",
            "true, but nobody could prove who they are",
            "one of `edge.authentication.apiKeys`, `.users` or `.jwt.publicKey`, or `environment.jwtSecret` with "
            "`.jwt.hs256`",
            A_KEY,
        )
    elif settings.edge.opened:
        yield Problem(
            "mimir:edge.opened",
            f"{', '.join(settings.edge.opened)}, but nobody could prove who they are",
            "nothing, or a way to authenticate: dangerous paths are for known callers only",
            A_KEY,
        )


def has_callers(settings: Settings) -> bool:
    """Whether any caller can authenticate."""
    methods = settings.edge.authentication
    hs256_tokens = methods.jwt.hs256 and settings.environment.jwt_secret is not None
    return bool(methods.api_keys or methods.users or methods.jwt.public_key or hs256_tokens)


def _secret_is_asked_for(settings: Settings) -> bool:
    """Whether another rule already requires a JWT secret, with which callers can authenticate."""
    return settings.runtime == "production" and settings.edge.authentication.jwt.hs256


def names(settings: Settings) -> Iterator[Problem]:
    """A name identifies one caller, because the application gets only the name."""
    methods = settings.edge.authentication
    for name in methods.api_keys.keys() & methods.users.keys():
        key = member("edge.authentication.users", name)
        yield Problem(key, f'the name "{name}", which apiKeys has too', "one of the two", remove(key))


def opened(settings: Settings) -> Iterator[Problem]:
    """`edge.opened` contains only groups of dangerous routes that exist."""
    for index, group in enumerate(settings.edge.opened):
        if group not in DANGERS:
            key = f"mimir:edge.opened[{index}]"
            yield Problem(key, f'"{group}"', f"one of {', '.join(DANGERS)}", remove(key))


def paths(settings: Settings) -> Iterator[Problem]:
    """A dangerous path is opened by its group in `edge.opened`, and not by an entry in `edge.paths`."""
    contract = CONTRACTS.get(settings.contract)
    dangerous = [route for route in contract.routes if route.access in DANGERS] if contract else []
    for index, path in enumerate(settings.edge.paths):
        groups = {route.access: route.path for route in dangerous if _may_be_the_same(route.path, path)}
        if groups:
            key = f"mimir:edge.paths[{index}]"
            matches = " and ".join(f"{dangerous_path} (group {group})" for group, dangerous_path in groups.items())
            yield Problem(
                key,
                f'"{path}", which may be the dangerous {matches}',
                f"a narrower path; `edge.opened` opens {', '.join(groups)}, to authenticated callers only",
                remove(key),
            )


def ports(settings: Settings) -> Iterator[Problem]:
    """The ports of the edge are different."""
    if settings.edge.kind != "haproxy":
        return
    redirect, metrics = settings.edge.redirect_port, settings.docker.metrics_port
    if redirect is not None:
        key = "mimir:edge.redirectPort"
        if settings.tls_mode == "off":
            yield Problem(key, f"{redirect}, with `edge.tls.mode` off", "nothing without TLS", remove(key))
        if redirect == settings.edge_port:
            yield Problem(key, f"{redirect}, the port of the edge itself", "another port", remove(key))
    if metrics is not None and metrics in (settings.edge_port, redirect):
        owner = "the edge itself" if metrics == settings.edge_port else "`edge.redirectPort`"
        key = "mimir:docker.metricsPort"
        yield Problem(key, f"{metrics}, the port of {owner}", "another port", remove(key))


def tokens(settings: Settings) -> Iterator[Problem]:
    """Tokens of a provider need an issuer and an audience, and a previous secret needs a current one.

    A provider signs tokens for many services with one key (RFC 8725, sections 3.8 and 3.9).
    """
    jwt = settings.edge.authentication.jwt
    if jwt.previous_secret is not None and (settings.environment.jwt_secret is None or not jwt.hs256):
        key = "mimir:edge.authentication.jwt.previousSecret"
        yield Problem(
            key, "a secret, but no HS256 tokens are accepted", "nothing without a current secret", remove(key)
        )
    if jwt.public_key is None:
        return
    for key, value, example in (
        ("issuer", jwt.issuer, "https://login.example.com"),
        ("audience", jwt.audience, "mimir"),
    ):
        if value is None:
            path = f"mimir:edge.authentication.jwt.{key}"
            yield Problem(
                path,
                "nothing, with `edge.authentication.jwt.publicKey`",
                "what your provider's tokens for this service have: its other tokens are signed with the same key",
                f"pulumi config set --path '{path}' {example}",
            )


def _may_be_the_same(pattern: str, other_pattern: str) -> bool:
    """Whether a path can match both patterns, in which `{}` matches any segment."""
    segments, other_segments = pattern.split("/"), other_pattern.split("/")
    return len(segments) == len(other_segments) and all(
        "{}" in (a, b) or a.casefold() == b.casefold() for a, b in zip(segments, other_segments, strict=True)
    )
