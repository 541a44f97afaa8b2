"""The real program's resources, as the rules see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from mimir_policy import judge
from mimir_policy.resource import Resource
from mimir_policy.rule import Settings
from mimir_policy.rules import RULES
from mimir_policy.values import UNKNOWN, Hidden
from tests.audit import stacks
from tests.support import monitor, program, property_wire
from tests.support.configuration import merged
from tests.support.program import Run

CLUSTER_FRONT = {"kubernetes": {"serviceType": "LoadBalancer"}}
HOSTS = {"hosts": ["mimir.example.com"]}
CERT_MANAGER = {"edge": {**HOSTS, "tls": {"mode": "certManager", "issuer": "letsencrypt"}}}
GATEWAY = {"edge": {**HOSTS, "kind": "gateway", "gateway": {"name": "public"}, "authentication": {"required": False}}}
OPEN_ENGINE: dict[str, Any] = {
    "docker": {"bindAddress": "0.0.0.0"},
    "edge": {"port": 443, "redirectPort": 80, "tls": {"mode": "selfSigned"}},
}


def _open_engine() -> Run:
    config = merged(program.completed("dev"), OPEN_ENGINE)
    return program.run(config, "open", overrides=program.HERE)


STACKS: Mapping[str, Callable[[], Run]] = {
    "dev": lambda: program.run(program.completed("dev"), "dev"),
    "dev, open to the network": _open_engine,
    "production on an engine": program.production_on_an_engine,
    "staging": lambda: program.in_cluster("staging"),
    "prod": stacks.prod,
    "prod, in a preview": lambda: program.run(program.completed("prod"), "prod", preview=True, overrides=program.HERE),
    "prod, behind a load balancer": lambda: stacks.prod(CLUSTER_FRONT),
    "prod, with a certificate of cert-manager": lambda: stacks.prod(CLUSTER_FRONT, CERT_MANAGER),
    "prod, behind a gateway": lambda: stacks.prod(GATEWAY),
    "everything": stacks.everything,
    "an ingress": stacks.ingress,
}
"""Every committed stack, and those with optional parts."""

SETTINGS: Mapping[str, Mapping[str, Settings]] = {
    "everything": {"image-registry": {"registries": ["registry.example.com", "docker.io/library/haproxy"]}}
}
"""What the pack is told for a stack, where its defaults are not enough."""


@cache
def of(name: str) -> tuple[Resource, ...]:
    """The resources of one of `STACKS`."""
    return tuple(resource(one) for one in STACKS[name]().resources)


def resource(recorded: monitor.Resource) -> Resource:
    """A recorded resource, as the pack gets it from the engine."""
    asked = recorded.options
    before = asked.deleteBeforeReplace if asked.deleteBeforeReplaceDefined else None
    return Resource(asked.type, recorded.name, _plain(recorded.inputs), asked.protect, before, f"urn:{recorded.name}")


def violations(
    *resources: Resource, settings: Mapping[str, Settings] | None = None, changed: Resource | None = None
) -> list[tuple[str, str]]:
    """Everything that the pack has against resources that make up a stack, as (rule, message).

    Args:
        resources: the stack's.
        settings: the pack's, by rule.
        changed: the only resource that is judged by itself, where the others are known to pass.
    """
    given, judged = settings or {}, resources if changed is None else (changed,)
    found = []
    for rule in RULES:
        own = given.get(rule.name, {})
        found += [(rule.name, text) for one in judged for text in judge.resource_messages(rule, one, own)]
        found += [(rule.name, text) for _, text in judge.stack_messages(rule, resources, own)]
    return found


def tripped(*resources: Resource) -> set[str]:
    """The rules that resources violate."""
    return {rule for rule, _ in violations(*resources)}


def _plain(value: Any, secret: bool = False) -> Any:
    match value:
        case property_wire.Secret():
            return _plain(value.value, secret=True)
        case property_wire.Unknown():
            return UNKNOWN
        case dict():
            return {key: _plain(one, secret) for key, one in value.items()}
        case list():
            return [_plain(one, secret) for one in value]
        case str() if secret:
            return Hidden(value)
    return value
