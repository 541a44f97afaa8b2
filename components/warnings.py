"""What a user should know of settings that are valid: each warning begins with its key."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from components.contract import CONTRACTS
from components.kubernetes import warnings as kubernetes
from components.rules import OWN_VARIABLES
from components.section import attribute
from components.settings import Environment, Settings


def of(settings: Settings) -> list[str]:
    """What the deployed version does not do with the settings, and what the deployment leaves open."""
    on_platform = kubernetes.of if settings.platform == "kubernetes" else _docker
    return [*_contract(settings), *on_platform(settings)]


def _contract(settings: Settings) -> Iterator[str]:
    contract = CONTRACTS[settings.contract]
    given, default = settings.environment, Environment()
    for name, key in OWN_VARIABLES.items():
        field = attribute(Environment, key)
        if getattr(given, field) != getattr(default, field) and contract.effect(name) == "ignored":
            yield (
                f"mimir:environment.{key}: {name} is passed on, but the application at {contract.version[:7]} does not "
                "read it."
            )
    if given.jwt_secret is not None and contract.effect("MIMIR_JWT_SECRET") == "leaked":
        yield (
            "mimir:environment.passJwtSecret: the application shows the JWT secret to anyone who asks for "
            f"{contract.config_endpoint}."
            if given.pass_jwt_secret
            else "mimir:environment.jwtSecret: kept, but not handed to the application, which does not use it and "
            f"would show it to anyone who asks for {contract.config_endpoint}."
        )
    if settings.source.commit not in (None, contract.version):
        yield f"mimir:source.commit: not the version that contract '{settings.contract}' was measured on."


def _docker(settings: Settings) -> Iterator[str]:
    if not ip_address(settings.docker.bind_address).is_loopback:
        yield (
            "mimir:docker.bindAddress: the application authenticates nobody; everyone who reaches "
            f"{settings.docker.bind_address}:{settings.environment.port} can read and change its configuration."
        )
