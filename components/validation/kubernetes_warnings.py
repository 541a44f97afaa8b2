"""Warnings about valid settings for a cluster. Each warning begins with a configuration key."""

from __future__ import annotations

from collections.abc import Iterator

from components.application.contract import CONTRACTS
from components.edge import public_routes
from components.image.registry import stored_login
from components.settings import Settings
from components.validation.kubernetes import most_pods, single_writer_keys

NOT_THERE = (
    "size of bodies, time for a request, rate and number of requests, circuit breaker, retries, affinity, metrics"
)
"""Features of the HAProxy edge that this program does not configure in a controller of the cluster."""


def collect_warnings(settings: Settings) -> Iterator[str]:
    """Warnings about interruptions, state that pods do not share, image pulls, and access to the application."""
    kubernetes, contract = settings.kubernetes, CONTRACTS[settings.contract]
    keys = single_writer_keys(settings)
    if keys:
        yield (
            f"mimir:{keys[0]}: only one pod may write, so every update ends the old pod before it starts the new one, "
            "an interruption. ReadWriteMany on every volume, and no `environment.dbPath`, ends that."
        )
    if most_pods(settings) > 1 and contract.state_in_memory:
        yield (
            f"mimir:kubernetes.replicas: {contract.state_in_memory} are in the memory of each process; pods do not "
            "share them."
        )
    registry = settings.registry
    if not (registry.password or kubernetes.pull_secrets) and stored_login(registry):
        yield (
            "mimir:kubernetes.pullSecrets: none. What `docker login` stored is for pushing and stays here; the cluster "
            "pulls without a login, unless this, or `registry.username` and `registry.password`, names one."
        )
    if settings.edge.kind != "haproxy":
        yield from _without_haproxy(settings)


def _without_haproxy(settings: Settings) -> Iterator[str]:
    kind = settings.edge.kind
    if not settings.network.ingress:
        yield (
            "mimir:network.ingress: nobody. Where the cluster enforces network policies, no pod may connect to the "
            "application until this names its edge."
        )
    if kind == "none" and settings.kubernetes.service_type != "ClusterIP":
        yield (
            "mimir:kubernetes.serviceType: the application authenticates nobody; everyone who reaches a node's port "
            "can read and change its configuration."
        )
    if kind in public_routes.CONTROLLERS:
        yield (
            f"mimir:edge.kind: {kind}; the controller authenticates nobody, and what this program limits elsewhere is "
            f"its own affair: {NOT_THERE}."
        )
    if kind == "ingress":
        unserved = dict.fromkeys(
            route.path for route in public_routes.served_routes(settings) if not public_routes.is_plain(route)
        )
        yield (
            "mimir:edge.kind: ingress, which knows no methods and no variable segments; any method passes, and these "
            f"are not served: {', '.join(unserved)}."
        )
