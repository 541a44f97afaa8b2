"""Resources as the policy SDK hands them over, for the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pulumi_policy import policy as sdk
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY, deserialize_properties
from pulumi_policy.proxy import UnknownValueError

from mimir_policy.resource import Resource
from mimir_policy.values import UNKNOWN, Hidden


class Given(Protocol):
    """What the SDK's two classes of resources have in common."""

    resource_type: str
    props: Mapping[str, Any]
    urn: str
    name: str
    opts: sdk.PolicyResourceOptions


def resource(given: Given) -> Resource:
    """A resource without the SDK's wrappers, which raise an error where a value is not known yet."""
    return Resource(
        type=given.resource_type,
        name=given.name,
        properties=_plain(given.props),
        protect=given.opts.protect,
        delete_before_replace=given.opts.delete_before_replace,
        urn=given.urn,
    )


def keep_secrets_apart() -> None:
    """Have the SDK mark the texts that Pulumi encrypts; by itself it hands them over like any other."""

    def marked(properties: dict[str, Any], proxy_secrets: bool = False) -> dict[str, Any]:
        return deserialize_properties(_mark(properties), proxy_secrets)

    vars(sdk)["deserialize_properties"] = marked


def _mark(value: Any, secret: bool = False) -> Any:
    """`value` as it came over the wire, with `Hidden` in place of every text in a secret."""
    match value:
        case dict() if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            return _mark(value.get("value"), secret=True)
        case dict() if SPECIAL_SIG_KEY not in value:
            return {key: _mark(one, secret) for key, one in value.items()}
        case list():
            return [_mark(one, secret) for one in value]
        case str() if secret:
            return Hidden(value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, index) for index in range(len(value))]
    return value


def _item(value: Any, key: Any) -> Any:
    try:
        return _plain(value[key])
    except UnknownValueError:
        return UNKNOWN
