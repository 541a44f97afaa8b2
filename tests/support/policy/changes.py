"""Resources with one thing changed."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, Final

from mimir_policy.resource import Resource

DROP: Final = object()
"""In place of a value: the property is not set."""


def changed(resource: Resource, changes: dict[str, Any]) -> Resource:
    """`resource` with properties changed, each named by its path: spec/template/spec/containers/0/image.

    In a path `~` stands for a `/` in a key.
    """
    properties = copy.deepcopy(dict(resource.properties))
    for path, value in changes.items():
        *above, last = (key.replace("~", "/") for key in path.split("/"))
        holder: Any = properties
        for key in above:
            holder = holder[int(key)] if isinstance(holder, list) else holder.setdefault(key, {})
        if value is DROP:
            holder.pop(last, None)
        elif isinstance(holder, list):
            holder[int(last)] = value
        else:
            holder[last] = value
    return replace(resource, properties=properties)
