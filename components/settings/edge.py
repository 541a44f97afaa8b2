"""The edge: the reverse proxy in front of the application (plan: Networking, Load Balancing; Security)."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Literal

from pydantic import field_validator

from components.settings.authentication import Authentication
from components.settings.schema import Section, setting
from components.settings.tls import Tls

PATH = r"^(/(\{\}|[A-Za-z0-9_~-][A-Za-z0-9._~-]*))+$"
HOST = r"^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$"


class RateLimit(Section):
    """How much one caller may ask; more gets 429 and `Retry-After` (plan: Load Balancing, Rate limiting)."""

    requests_per_client: int = setting(
        1000, "Requests of one address within the window.", allowed="1 to 10000000", ge=1, le=10_000_000
    )
    requests_per_key: int = setting(
        1000,
        "Requests of one key, user or token subject within the window.",
        allowed="1 to 10000000",
        ge=1,
        le=10_000_000,
    )
    failures_per_client: int = setting(
        100,
        "Wrong or missing keys, passwords and tokens of one address within the window, before all of it is refused.",
        allowed="1 to 10000000",
        ge=1,
        le=10_000_000,
    )
    window_seconds: int = setting(10, "The window, in seconds.", allowed="1 to 3600", ge=1, le=3600)
    connections_per_client: int = setting(
        1000,
        "Connections of one address at a time; more are closed before TLS. So are new ones beyond twice "
        "`requestsPerClient` within the window.",
        allowed="1 to 100000",
        ge=1,
        le=100_000,
    )
    concurrent_per_client: int = setting(
        1000,
        "Requests of one address at a time. Where callers are known by a key, a password or a token, requests without "
        "one have half of `maxConnectionsPerReplica` besides.",
        allowed="1 to 100000",
        ge=1,
        le=100_000,
    )


class Timeouts(Section):
    """How long the edge waits, in seconds."""

    request_seconds: int = setting(
        10, "For a whole request head, and for each part of a body, of a slow client.", allowed="1 to 300", ge=1, le=300
    )
    idle_seconds: int = setting(
        10,
        "For the next request on an open connection; a switch to a new version waits as long for the old ones.",
        allowed="1 to 60",
        ge=1,
        le=60,
    )
    connect_seconds: int = setting(2, "For a connection to the application.", allowed="1 to 30", ge=1, le=30)
    queue_seconds: int = setting(
        10,
        "For a free connection, while all that the application may have are in use.",
        allowed="1 to 300",
        ge=1,
        le=300,
    )
    response_seconds: int = setting(
        35, "For the application's answer (it cuts its own after 30).", allowed="1 to 600", ge=1, le=600
    )


class Gateway(Section):
    """The cluster's Gateway that the route is attached to, for `edge.kind` gateway (Gateway API, HTTPRoute)."""

    name: str | None = setting(
        None,
        "Name of the Gateway.",
        allowed="a name that `kubectl get gateways -A` shows",
        example="public",
        min_length=1,
    )
    namespace: str | None = setting(
        None,
        "Its namespace; by default the deployment's own.",
        allowed="a namespace",
        example="gateways",
        min_length=1,
    )
    section: str | None = setting(
        None, "One of its listeners; every one that fits by default.", allowed="a name", example="https", min_length=1
    )


class EdgeSettings(Section):
    """The front door of the application: TLS, authentication, allowed paths, limits, balancing."""

    kind: Literal["haproxy", "gateway", "ingress", "none"] = setting(
        "haproxy",
        "What stands in front: HAProxy, run by the stack; on Kubernetes also a route of the cluster's own Gateway or "
        "Ingress controller. `none` publishes the application itself, which authenticates nobody.",
        allowed="haproxy, gateway, ingress or none",
    )
    image: str = setting(
        "haproxy:3.2.7-alpine",
        "HAProxy's image, 2.6 or newer, with Lua, and with wget for the engine's health check.",
        allowed="an image reference",
        min_length=1,
    )
    hosts: tuple[str, ...] = setting(
        (), "Host names that are served; every one when empty.", allowed="a list of lower-case host names"
    )
    port: int | None = setting(
        None,
        "Port on which the edge is reached; by default `environment.port`.",
        allowed="1 to 65535",
        example=443,
        ge=1,
        le=65_535,
    )
    redirect_port: int | None = setting(
        None,
        "Port on which plain HTTP is answered with a redirect to HTTPS.",
        allowed="1 to 65535, not `edge.port`, and only with TLS",
        example=80,
        ge=1,
        le=65_535,
    )
    paths: tuple[str, ...] = setting(
        (),
        "Paths that are served besides those of the contract; `{}` stands for one segment.",
        allowed="a list of clean paths, such as /api/v1/reports/{}",
    )
    opened: tuple[str, ...] = setting(
        (),
        "Groups of dangerous paths to open, to authenticated callers only (docs/edge.md names them).",
        allowed="a list of config, config-save, execute, tools, protected and accounts",
    )
    cors_origins: tuple[str, ...] = setting(
        (),
        "Origins whose pages may call the service; none when empty. The application's own `*` is never sent.",
        allowed="a list of origins, such as https://app.example.com",
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        "Addresses of proxies in front of the edge, whose `X-Forwarded-For` names the client.",
        allowed="a list of CIDRs",
    )
    affinity: bool = setting(
        True, "Keep a client with the same replica, by a cookie (plan: Session affinity).", allowed="true or false"
    )
    retries: int = setting(
        3,
        "Times that a request is sent again after a failed connection, while the only replica restarts; once where "
        "there are several. An idempotent one is also sent again once after a lost answer, unless this is 0.",
        allowed="0 to 10",
        ge=0,
        le=10,
    )
    error_limit: int = setting(
        50,
        "Circuit breaker: failed connections in a row after which a replica gets nothing until a probe passes. Errors "
        "that it answers do not count: a caller can provoke those.",
        allowed="1 to 10000",
        ge=1,
        le=10_000,
    )
    max_body_kib: int = setting(1024, "Largest request body, in KiB.", allowed="1 to 1048576", ge=1, le=1_048_576)
    max_connections: int = setting(
        2000, "Connections of clients at a time; more wait in the kernel.", allowed="10 to 100000", ge=10, le=100_000
    )
    max_connections_per_replica: int = setting(
        128, "Requests at a time in one replica; more wait in a queue.", allowed="1 to 100000", ge=1, le=100_000
    )
    cpus: float = setting(1.0, "CPUs of the edge; its threads follow, rounded up.", allowed="0.1 to 64", ge=0.1, le=64)
    memory_mib: int = setting(128, "Memory of the edge in MiB.", allowed="64 to 65536", ge=64, le=65_536)
    ingress_class: str | None = setting(
        None,
        "For `edge.kind` ingress: the IngressClass; by default the cluster's default one.",
        allowed="a name that `kubectl get ingressclass` shows",
        example="public",
        min_length=1,
    )
    gateway: Gateway = Gateway()
    tls: Tls = Tls()
    authentication: Authentication = Authentication()
    rate_limit: RateLimit = RateLimit()
    timeouts: Timeouts = Timeouts()

    @field_validator("hosts")
    @classmethod
    def _hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return _matching(hosts, HOST, "host name")

    @field_validator("paths")
    @classmethod
    def _clean_paths(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        return _matching(paths, PATH, "clean path")

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return _matching(origins, r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$", "origin")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, cidrs: tuple[str, ...]) -> tuple[str, ...]:
        for cidr in cidrs:
            try:
                ip_network(cidr)
            except ValueError:
                raise ValueError(f'"{cidr}", which is no network address') from None
        return cidrs


def _matching(values: tuple[str, ...], pattern: str, kind: str) -> tuple[str, ...]:
    for value in values:
        if not re.fullmatch(pattern, value):
            raise ValueError(f'"{value}", which is no {kind}')
    return values
