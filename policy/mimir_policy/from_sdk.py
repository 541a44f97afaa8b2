"""Converts resources of the policy SDK to those of the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pulumi_policy import policy as sdk
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY, deserialize_properties
from pulumi_policy.proxy import UnknownValueError

from mimir_policy.resource import Resource
from mimir_policy.values import UNKNOWN, Hidden


class SdkResource(Protocol):
    """The attributes that the SDK's two resource classes share."""

    resource_type: str
    props: Mapping[str, Any]
    urn: str
    name: str
    opts: sdk.PolicyResourceOptions


def resource(sdk_resource: SdkResource) -> Resource:
    """Convert a resource: values for which the SDK's wrappers raise an error, as not known yet, become `UNKNOWN`."""
    return Resource(
        type=sdk_resource.resource_type,
        name=sdk_resource.name,
        properties=_plain(sdk_resource.props),
        protect=sdk_resource.opts.protect,
        delete_before_replace=sdk_resource.opts.delete_before_replace,
        urn=sdk_resource.urn,
    )


def mark_secrets() -> None:
    """Make the SDK mark texts that Pulumi encrypts; by default it passes them like any other text."""

    def marked(properties: dict[str, Any], proxy_secrets: bool = False) -> dict[str, Any]:
        return deserialize_properties(_mark(properties), proxy_secrets)

    vars(sdk)["deserialize_properties"] = marked


def _mark(value: Any, secret: bool = False) -> Any:
    """`value` as it came over the wire, with `Hidden` in place of every text in a secret."""
    match value:
        case dict() if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            return _mark(value.get("value"), secret=True)
        case dict() if SPECIAL_SIG_KEY not in value:
            return {key: _mark(item, secret) for key, item in value.items()}
        case list():
            return [_mark(item, secret) for item in value]
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
