"""A random secret, made once and kept in the stack's state. A dynamic provider, for the reason of `self_signed`."""

from __future__ import annotations

import secrets
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

BYTES = 16


class _Maker(ResourceProvider):
    """Makes random bytes, and never others."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        value = secrets.token_hex(BYTES)
        return CreateResult("random", {**props, "value": value})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)


class RandomSecret(Resource):
    """Random bytes.

    Attributes:
        value: in hexadecimal; a secret.
    """

    value: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make it.

        Args:
            name: of the resource.
            opts: Pulumi's.
        """
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["value"])
        super().__init__(_Maker(), name, {"value": None}, pulumi.ResourceOptions.merge(opts, hidden))
